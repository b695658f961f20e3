import Link from 'next/link';
import { currentMessages } from '@/lib/http/language';
import { Mark } from './_ui/mark';

export default async function NotFound() {
  const { messages } = await currentMessages();
  return (
    <main className="door">
      <div>
        <Mark large />
        <h1 className="door-name">{messages.errorPage.notFound}</h1>
        <p className="door-text">{messages.problems['not-found'].next}</p>
        <Link className="button door-button" href="/" prefetch={false}>
          {messages.errorPage.home}
        </Link>
      </div>
    </main>
  );
}
