import { redirect } from 'next/navigation';
import { Home } from '../home';
import { ironSession } from '../iron-session/session';

/** The common way, as demos have it: a page that sends away whoever has no session. */
export default async function Page() {
  const { name } = await ironSession();
  if (!name) redirect('/common/login');
  return <Home name={name} />;
}
