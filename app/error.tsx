'use client';

import { errorPage } from '@/lib/messages/error-page';

/** A page that failed. `digest` is what the server's log has of it. */
export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
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
        <button type="button" className="button" onClick={reset}>
          {text.retry}
        </button>
      </div>
    </main>
  );
}
