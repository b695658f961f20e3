import Link from 'next/link';
import { currentMessages } from '@/lib/http/language';

export default async function NotFound() {
  const { messages } = await currentMessages();
  return (
    <main className="door">
      <div className="door-card">
        <h1 className="door-title">{messages.errorPage.notFound}</h1>
        <p className="door-sentence">{messages.problems['not-found'].next}</p>
        <Link className="button" href="/" prefetch={false}>
          {messages.errorPage.home}
        </Link>
      </div>
    </main>
  );
}
