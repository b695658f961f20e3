'use client';

import { errorPage } from '@/lib/messages/error-page';

interface ErrorPageProps {
  error: Error & { digest?: string };
  /** Asks the server again, where `reset` would only show the same failure once more. */
  retry: () => void;
}

/** A page that failed. `digest` is what the server's log calls its request id. */
export default function ErrorPage({ error, retry }: ErrorPageProps) {
  const text =
    errorPage[typeof document !== 'undefined' && document.documentElement.lang === 'en' ? 'en' : 'zh-CN'];
  return (
    <main className="door">
      <div className="door-card" role="alert">
        <h1 className="door-title">{text.title}</h1>
        <p className="door-sentence">{text.sentence}</p>
        {error.digest && (
          <p className="problem-id">
            {text.requestId} <code>{error.digest}</code>
          </p>
        )}
        <button type="button" className="button" onClick={retry}>
          {text.retry}
        </button>
      </div>
    </main>
  );
}
