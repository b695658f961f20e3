import 'server-only';
import type { Language } from '@/lib/i18n';
import { withBasePath } from '../base-path';
import { type Brand, brand } from '../brand';
import { type BrandColours, mix, NEUTRALS } from '../brand-colours';
import { DOOR_PATH } from '../brand-icon';

/** Text as it may stand in an element or between the quotes of an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&"'<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** In the colours of `app/_ui/style/tokens.css`: a page that follows without React must not look like another place. */
function styleOf({ colours, logo }: Brand, isElsewhere: boolean): string {
  const isDrawn = !logo || (isElsewhere && logo.bytes.length > MOST_INLINE_BYTES);
  const scheme = ({ ground, surface, ink, inkSoft }: Neutrals, { brand: area, on, text }: BrandColours) =>
    `body{background:${ground};color:${ink}}p,.small{color:${inkSoft}}a{color:${text}}button{background:${area};color:${on}}.quiet{background:none;color:${text}}.list{background:${surface}}.wait{background:${mix(inkSoft, ground, 0.2)}}.wait:after{background:${text}}${isDrawn ? `.mark rect{fill:${area}}.mark path{stroke:${on}}` : ''}`;
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
button{min-height:48px;padding:0 24px;border:0;border-radius:12px;font:inherit;font-weight:600;-webkit-appearance:none}
.quiet{min-height:44px;padding:0 10px;font-weight:400;text-decoration:underline}
@keyframes pass{to{transform:translateX(150%)}}@keyframes appear{to{visibility:visible}}
@media(prefers-reduced-motion:reduce){.wait:after{animation-duration:4s}}`;

/** Half of what a page of the gate may weigh. */
const MOST_INLINE_BYTES = 8 * 1024;

/** On another host the app's pictures are not at their addresses: a small logo stands in the page itself. */
function markOf({ logo, version }: Brand, isElsewhere: boolean): string {
  if (logo && !isElsewhere)
    return `<img class="mark" src="${withBasePath('/brand/logo')}?v=${version}" alt="">`;
  return logo && logo.bytes.length <= MOST_INLINE_BYTES
    ? `<img class="mark" src="data:${logo.type};base64,${logo.bytes.toString('base64')}" alt="">`
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
  /** On a host that is not the app's own: nothing of the app is at its address. */
  isElsewhere?: boolean;
}

/** A whole page without React, for where none is wanted: its style is its own, and it is not cached. */
export function plainPage({
  language,
  title,
  body,
  head = '',
  status = 200,
  headers = {},
  isElsewhere = false,
}: PlainPage): Response {
  const ours = brand();
  const name = ours.name?.[language];
  const windowTitle = name && name !== title ? `${title} · ${name}` : title;
  const html = `<!doctype html><html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex,nofollow">
<title>${escaped(windowTitle)}</title>${head}${isElsewhere ? '' : `<link rel="icon" href="${withBasePath('/brand/icon.svg')}?v=${ours.version}">`}<style>${styleOf(ours, isElsewhere)}</style></head>
<body><main>${markOf(ours, isElsewhere)}<h1>${escaped(title)}</h1>${body}</main></body></html>`;
  return new Response(html, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store', ...headers },
  });
}
