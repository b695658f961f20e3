import { MemberMenu } from '@/app/_ui/member-menu';
import { Tile } from '@/app/_ui/tile';
import { currentMessages } from '@/lib/http/language';

/** What the product's first page renders, for each contender alike. */
export async function Home({ name }: { name: string }) {
  const { messages } = await currentMessages();
  const { home, stepUp, directory, sync, sessions } = messages;
  const tiles = [
    ['人', home.me, home.meHint],
    ['录', directory.title, directory.searchHint],
    ['登', sessions.mine.title, sessions.mine.tileHint],
    ['同', sync.title, sync.tileHint],
    ['会', sessions.all.title, sessions.all.tileHint],
    ['审', sessions.audit.title, sessions.audit.tileHint],
    ['锁', stepUp.title, stepUp.hint],
  ] as const;
  return (
    <main className="page">
      <header className="hero">
        <h1 className="hero-greeting">{home.greeting(name)}</h1>
        <p className="hero-lead">{home.lead}</p>
        <MemberMenu text={{ open: home.notYou, signOut: home.signOut }} />
      </header>
      <nav aria-label={home.pages}>
        <h2 className="section-title">{home.pages}</h2>
        <ul className="tiles">
          {tiles.map(([icon, title, hint]) => (
            <Tile key={icon} href="/" icon={icon} title={title} hint={hint} />
          ))}
        </ul>
      </nav>
    </main>
  );
}
