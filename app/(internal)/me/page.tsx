import { Page, titled } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { isAvatarAllowed } from '@/lib/dal/avatar';
import { currentProfile } from '@/lib/dal/profile';
import { explain } from '@/lib/http/error-response';
import { currentMessages } from '@/lib/http/language';
import { shownText } from '@/lib/shown-text';
import { Avatar } from '../../_ui/avatar';
import { FieldList } from '../../_ui/field-list';
import { ProblemNote } from '../../_ui/problem-note';
import { toFieldGroups } from './fields';

export const generateMetadata = titled(({ me, appName }) => [me.title, appName]);

/** Everything that DingTalk says about the member. */
export default async function MePage() {
  const session = await pageMember();
  const { language, messages } = await currentMessages();
  const told = await currentProfile(language === 'en' ? 'en_US' : 'zh_CN');
  const profile = 'profile' in told ? told.profile : undefined;
  const shown = profile ?? { ...session, departmentIds: [], ledDepartmentIds: [], roles: [], positions: [] };
  const name = shownText(shown.name) ?? session.name;
  const { known, withheld } = toFieldGroups({ ...shown, name }, messages, language);
  const title = shownText(profile?.title);
  return (
    <Page title={messages.me.title}>
      <section className="panel who">
        <Avatar
          name={name}
          url={isAvatarAllowed(profile?.avatarUrl) ? profile?.avatarUrl : undefined}
          userId={session.userId}
          size="l"
        />
        <div className="who-text">
          <h2 className="who-name clamp-2">
            <bdi>{name}</bdi>
          </h2>
          {title && <p className="hint">{title}</p>}
        </div>
      </section>
      {'profile' in told ? (
        <p className="note" role="status">
          {told.source === 'dingtalk' ? messages.me.freshAt : messages.me.mirrored}
        </p>
      ) : (
        <div className="note note-warning">
          <p>{messages.me.failed}</p>
          {'failure' in told && (
            <ProblemNote
              {...explain(told.failure.problem, messages, told.failure.detail)}
              requestId={told.requestId}
              labels={messages.problemNote}
            />
          )}
        </div>
      )}
      {known.map((group) => (
        <FieldList key={group.title} {...group} />
      ))}
      {told.source === 'dingtalk' && withheld.fields.length > 0 && <FieldList {...withheld} />}
    </Page>
  );
}
