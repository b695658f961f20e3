import { mayReadAudit } from '@/lib/auth/administrator';
import { pageMember } from '@/lib/auth/auth';
import { isAdministrator } from '@/lib/dal/admin-sync';
import { currentName } from '@/lib/dal/current-name';
import { currentMessages } from '@/lib/http/language';
import { Addressed } from '../_ui/addressed';
import { MemberMenu } from '../_ui/member-menu';
import { Tile } from '../_ui/tile';

/** The first internal page: greets the member and leads to the others. */
export default async function HomePage() {
  const member = await pageMember();
  const { language, messages } = await currentMessages();
  const { home, stepUp, directory, jsapi, sync, sessions, access } = messages;
  // Whatever is wrong with the directory, the first page stands.
  const isAdmin = await isAdministrator({ ask: false }).catch(() => false);
  const isAuditor = await mayReadAudit(member).catch(() => false);
  const until = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'Asia/Shanghai',
  });
  return (
    <main className="page">
      <header className="hero">
        <h1 className="hero-greeting">
          <Addressed sentence={home.greeting} name={await currentName(member)} />
        </h1>
        <p className="hero-lead">
          {home.lead} {home.sessionUntil} {until.format(member.expiresAt * 1000)}
        </p>
        <MemberMenu text={{ open: home.notYou, signOut: home.signOut }} />
      </header>
      <nav aria-label={home.pages}>
        <h2 className="section-title">{home.pages}</h2>
        <ul className="tiles">
          <Tile href="/me" icon="人" title={home.me} hint={home.meHint} />
          <Tile href="/directory" icon="录" title={directory.title} hint={directory.searchHint} />
          <Tile href="/me/sessions" icon="登" title={sessions.mine.title} hint={sessions.mine.tileHint} />
          {isAdmin && (
            <>
              <Tile href="/admin/sync" icon="同" title={sync.title} hint={sync.tileHint} />
              <Tile
                href="/admin/sessions"
                icon="会"
                title={sessions.all.title}
                hint={sessions.all.tileHint}
              />
              <Tile href="/admin/access" icon="规" title={access.title} hint={access.tileHint} />
            </>
          )}
          {(isAdmin || isAuditor) && (
            <Tile href="/admin/audit" icon="审" title={sessions.audit.title} hint={sessions.audit.tileHint} />
          )}
          <Tile href="/example/choose" icon="选" title={jsapi.title} hint={jsapi.hint} />
          <Tile href="/example/step-up" icon="锁" title={stepUp.title} hint={stepUp.hint} />
        </ul>
      </nav>
    </main>
  );
}
