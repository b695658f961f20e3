import { redirect } from 'next/navigation';
import { Home } from '../home';
import { ironSession } from './session';

export default async function Page() {
  const { name } = await ironSession();
  if (!name) redirect('/none');
  return <Home name={name} />;
}
