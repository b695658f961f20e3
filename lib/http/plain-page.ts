import 'server-only';
import type { Language } from '@/lib/i18n';

/** Text as it may stand in an element or between the quotes of an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&"'<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;font:16px/1.6 -apple-system,BlinkMacSystemFont,"PingFang SC","Microsoft YaHei",sans-serif;background:#f3f5f8;color:#171a1d}
main{width:100%;max-width:400px;margin:24px 16px;padding:40px 24px 32px;text-align:center;background:#fff;border-radius:20px}
h1{font-size:22px;font-weight:600;margin:0 0 24px}p{margin:16px 0 0;color:#5c6570}a{color:#0b63d6}
.small{font-size:14px}code{overflow-wrap:anywhere}.list{margin:20px 0 0;padding:12px 16px;text-align:left;background:#f3f5f8;border-radius:12px}.list p{margin:0}.list ul{margin:8px 0 0;padding-left:20px}
.spinner{display:block;width:32px;height:32px;margin:0 auto;border:3px solid #e6e9ee;border-top-color:#0b63d6;border-radius:50%;animation:turn .9s linear infinite}
.late{display:block;margin-top:16px;visibility:hidden;animation:appear 0s 14s forwards}
@keyframes turn{to{transform:rotate(360deg)}}@keyframes appear{to{visibility:visible}}
@media(prefers-color-scheme:dark){body{background:#111418;color:#eef1f4}main{background:#1b2026}p{color:#a3adb8}.list{background:#111418}a{color:#4f9bff}}`;

interface PlainPage {
  language: Language;
  /** Of the window, and the heading. */
  title: string;
  /** Markup, already escaped. */
  body: string;
  /** Markup before everything else that takes time. */
  head?: string;
  status?: number;
  headers?: Record<string, string>;
  /** Whether the app's icon is at its address; on another origin it is not. */
  hasIcon?: boolean;
}

/** A whole page without React, for where none is wanted: its style is its own, and it is not cached. */
export function plainPage({
  language,
  title,
  body,
  head = '',
  status = 200,
  headers = {},
  hasIcon = true,
}: PlainPage): Response {
  const html = `<!doctype html><html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex,nofollow">
<title>${escaped(title)}</title>${head}${hasIcon ? '<link rel="icon" href="/icon.svg">' : ''}<style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;
  return new Response(html, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store', ...headers },
  });
}
