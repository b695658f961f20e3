import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { Home } from '../home';
import { auth } from './auth';

export default async function Page() {
  const session = await auth.api.getSession({ headers: await headers() });
  if (!session) redirect('/none');
  return <Home name={session.user.name} />;
}
