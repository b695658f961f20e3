import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import { Note } from '@/app/_ui/note';
import { Page, titled } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { isAvatarAllowed } from '@/lib/dal/avatar';
import { ownPlaces } from '@/lib/dal/own-places';
import { currentProfile } from '@/lib/dal/profile';
import { explain } from '@/lib/http/error-response';
import { currentMessages } from '@/lib/http/language';
import type { Messages } from '@/lib/i18n';
import { shownText } from '@/lib/shown-text';
import { Avatar } from '../../_ui/avatar';
import { ProblemNote } from '../../_ui/problem-note';
import { toProfileFields } from './fields';
import { ProfileSections } from './profile-sections';

export const generateMetadata = titled(({ me }) => [me.title]);

/** What the company has on record about the member, as DingTalk says it now. */
export default async function MePage() {
  const session = await pageMember();
  const { language, messages } = await currentMessages();
  const { me, frame } = messages;
  const answer = await currentProfile(language === 'en' ? 'en_US' : 'zh_CN');
  const profile = 'profile' in answer ? answer.profile : undefined;
  const shown = profile ?? { ...session, departmentIds: [], ledDepartmentIds: [], roles: [], positions: [] };
  const name = shownText(shown.name) ?? session.name;
  const fields = toProfileFields({ ...shown, name }, messages, { language, timeZone: config().timeZone });
  const places = await ownPlaces(shown).catch(() => undefined);
  const { title, jobNumber } = fields.values;
  return (
    <Page title={me.title}>
      <div className="split split-start">
        <div>
          <section className="panel">
            <div className="who">
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
                <p className="hint">
                  {title && <bdi className="who-title">{title}</bdi>}
                  {title && jobNumber && ' · '}
                  {jobNumber && me.jobNumber(jobNumber)}
                </p>
              </div>
            </div>
            <ul className="rows">
              <li className="ruled">
                <Link className="row" href="/me/sessions" prefetch={false}>
                  <Icon name="devices" />
                  <span className="row-text">
                    <span className="row-title">{frame.entries.devices.name}</span>
                    <span className="row-hint">{frame.entries.devices.hint}</span>
                  </span>
                  <Icon name="right" size="s" className="arrow" />
                </Link>
              </li>
            </ul>
          </section>
          <Source answer={answer} messages={messages} />
        </div>
        <div>
          <ProfileSections
            fields={fields}
            places={places}
            hiredAt={profile?.hiredAt}
            isFresh={answer.source === 'dingtalk'}
            me={me}
          />
        </div>
      </div>
    </Page>
  );
}

/** Where it is from, and what went wrong where it is not from DingTalk. */
function Source({
  answer,
  messages,
}: {
  answer: Awaited<ReturnType<typeof currentProfile>>;
  messages: Messages;
}) {
  const { me } = messages;
  if ('profile' in answer)
    return (
      <p className="line" role="status">
        {answer.source === 'dingtalk' ? me.fresh : me.mirrored}
      </p>
    );
  return (
    <div className="section">
      <Note kind="warn">
        <p>{me.failed}</p>
        {'failure' in answer && (
          <ProblemNote
            {...explain(answer.failure.problem, messages, answer.failure.detail)}
            requestId={answer.requestId}
            labels={messages.problemNote}
          />
        )}
      </Note>
    </div>
  );
}
