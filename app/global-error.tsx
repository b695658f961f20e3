'use client';

import { errorPage } from '@/lib/i18n/error-page';

/**
 * Where not even the layout could be rendered: without its style sheet, and in both languages, because the layout is what
 * knows which one is wanted.
 */
export default function GlobalErrorPage() {
  return (
    <html lang="zh-CN">
      <body style={{ font: '16px/1.6 sans-serif', textAlign: 'center', padding: '20vh 16px' }}>
        <title>{errorPage['zh-CN'].title}</title>
        {(['zh-CN', 'en'] as const).map((language) => (
          <main key={language} lang={language}>
            <h1 style={{ fontSize: 22 }}>{errorPage[language].title}</h1>
            <p>{errorPage[language].sentence}</p>
            <p>
              {/* biome-ignore lint/a11y/useValidAnchor: the page's own address, whatever it is */}
              <a href="">{errorPage[language].reload}</a>
            </p>
          </main>
        ))}
      </body>
    </html>
  );
}
