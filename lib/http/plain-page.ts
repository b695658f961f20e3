import 'server-only';
import type { Language } from '@/lib/i18n';
import { type Brand, brand } from '../brand';
import { type BrandColours, mix, NEUTRALS } from '../brand-colours';
import { DOOR_PATH } from '../brand-icon';

/** Text as it may stand in an element or between the quotes of an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&"'<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** In the colours of `app/_ui/style/tokens.css`: a page that follows without React must not look like another place. */
function styleOf({ colours, logo }: Brand): string {
  const scheme = ({ ground, surface, ink, inkSoft }: Neutrals, { brand: area, on, text }: BrandColours) =>
    `body{background:${ground};color:${ink}}p,.small{color:${inkSoft}}a{color:${text}}.list{background:${surface}}.wait{background:${mix(inkSoft, ground, 0.2)}}.wait:after{background:${text}}${logo ? '' : `.mark rect{fill:${area}}.mark path{stroke:${on}}`}`;
  return `${SHAPES}${scheme(NEUTRALS.light, colours.light)}@media(prefers-color-scheme:dark){${scheme(NEUTRALS.dark, colours.dark)}}`;
}

type Neutrals = { ground: string; surface: string; ink: string; inkSoft: string };

const SHAPES = `
body{margin:0;font:1rem/1.5 -apple-system,"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei","Noto Sans SC",sans-serif;-webkit-text-size-adjust:100%}
main{box-sizing:border-box;min-height:100vh;max-width:528px;margin:0 auto;padding:22vh 24px 24px;text-align:center;overflow-wrap:anywhere}
.mark{width:60px;height:60px}.mark path{fill:none;stroke-width:2.25;stroke-linecap:round;stroke-linejoin:round}
h1{font-size:1.375rem;font-weight:600;line-height:1.35;margin:16px 0 0}p{margin:16px 0 0}
.small{font-size:.875rem}.place{min-height:108px;margin-top:32px}.place p{margin:8px 0 0}
.list{margin:20px 0 0;padding:16px;text-align:left;border-radius:14px}.list p{margin:0}.list ul{margin:8px 0 0;padding-left:20px}
.wait{position:relative;width:120px;height:3px;margin:12px auto 0;border-radius:2px;overflow:hidden}
.wait:after{content:"";position:absolute;top:0;left:0;width:40%;height:100%;border-radius:2px;animation:pass 1.2s ease-in-out infinite alternate}
.after-1,.late{visibility:hidden;animation:appear 0s .8s forwards}.late{display:inline-block;padding:10px;animation-delay:14s}
@keyframes pass{to{transform:translateX(150%)}}@keyframes appear{to{visibility:visible}}
@media(prefers-reduced-motion:reduce){.wait:after{animation-duration:4s}}`;

function markOf({ logo, version }: Brand): string {
  return logo
    ? `<img class="mark" src="/brand/logo?v=${version}" alt="">`
    : `<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9"/><path d="${DOOR_PATH}"/></svg>`;
}

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
  const ours = brand();
  const name = ours.name?.[language];
  const windowTitle = name && name !== title ? `${title} · ${name}` : title;
  const html = `<!doctype html><html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex,nofollow">
<title>${escaped(windowTitle)}</title>${head}${hasIcon ? `<link rel="icon" href="/brand/icon.svg?v=${ours.version}">` : ''}<style>${styleOf(ours)}</style></head>
<body><main>${markOf(ours)}<h1>${escaped(title)}</h1>${body}</main></body></html>`;
  return new Response(html, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store', ...headers },
  });
}
