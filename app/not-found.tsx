import Link from 'next/link';
import { currentMessages } from '@/lib/http/language';
import { Mark } from './_ui/mark';

export default async function NotFound() {
  const { messages } = await currentMessages();
  return (
    <main className="centered">
      <div>
        <Mark large />
        <h1 className="centered-name">{messages.errorPage.notFound}</h1>
        <p className="centered-text">{messages.problems['not-found'].next}</p>
        <Link className="button centered-button" href="/" prefetch={false}>
          {messages.errorPage.home}
        </Link>
      </div>
    </main>
  );
}
