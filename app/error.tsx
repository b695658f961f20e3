'use client';

import { errorPage } from '@/lib/i18n/error-page';

interface ErrorPageProps {
  error: Error & { digest?: string };
}

/**
 * A page that failed. `digest` is what the server's log calls its request id. The way on is to load the page whole: what
 * failed may be a script of an older build, which no other try brings back.
 */
export default function ErrorPage({ error }: ErrorPageProps) {
  const text =
    errorPage[typeof document !== 'undefined' && document.documentElement.lang === 'en' ? 'en' : 'zh-CN'];
  return (
    <main className="centered">
      <div role="alert">
        <h1 className="centered-name">{text.title}</h1>
        <p className="centered-text">{text.sentence}</p>
        {error.digest && (
          <p className="problem-id">
            {text.requestId} <code>{error.digest}</code>
          </p>
        )}
        <button type="button" className="button centered-button" onClick={() => location.reload()}>
          {text.reload}
        </button>
      </div>
    </main>
  );
}
