import { Home } from '../home';

/** The same page with no session: what each contender is measured against. */
export default function Page() {
  return <Home name="张伟" />;
}
