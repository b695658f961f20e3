import { pageMember } from '@/lib/auth';
import { currentMessages } from '@/lib/visitor';
import { MemberMenu } from '../_ui/member-menu';
import { Tile } from '../_ui/tile';

/** The first internal page: greets the member and leads to the others. */
export default async function HomePage() {
  const member = await pageMember();
  const { language, messages } = await currentMessages();
  const { home, stepUp } = messages;
  const until = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'Asia/Shanghai',
  });
  return (
    <main className="page">
      <header className="hero">
        <h1 className="hero-greeting">{home.greeting(member.name)}</h1>
        <p className="hero-lead">
          {home.lead} {home.sessionUntil} {until.format(member.expiresAt * 1000)}
        </p>
        <MemberMenu text={{ open: home.notYou, signOut: home.signOut }} />
      </header>
      <nav aria-label={home.pages}>
        <h2 className="section-title">{home.pages}</h2>
        <ul className="tiles">
          <Tile href="/me" icon="人" title={home.me} hint={home.meHint} />
          <Tile href="/example/step-up" icon="锁" title={stepUp.title} hint={stepUp.hint} />
        </ul>
      </nav>
    </main>
  );
}
