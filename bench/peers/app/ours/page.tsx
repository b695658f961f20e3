import { pageMember } from '@/lib/auth/auth';
import { Home } from '../home';

export default async function Page() {
  const { name } = await pageMember();
  return <Home name={name} />;
}
