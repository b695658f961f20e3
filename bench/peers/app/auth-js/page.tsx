import { redirect } from 'next/navigation';
import { Home } from '../home';
import { auth } from './auth';

export default async function Page() {
  const session = await auth();
  if (!session?.user?.name) redirect('/none');
  return <Home name={session.user.name} />;
}
