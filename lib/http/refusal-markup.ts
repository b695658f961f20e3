import 'server-only';
import type { Messages } from '@/lib/i18n';
import { escaped } from './plain-page';

/** What a member is told about a page that a rule keeps from them: no name that the directory would not show them. */
export interface Refusal {
  why: 'not-listed' | 'exception' | 'unknown' | 'not-normal';
  /** Who may open the page, in words, as far as the member may know. */
  letsIn: readonly string[];
  hasOthers: boolean;
  hasExceptions: boolean;
  /** Names of administrators. */
  askWhom: readonly string[];
}

/** @param next the address that was asked for */
export function refusalMarkup(
  { why, letsIn, hasOthers, hasExceptions, askWhom }: Refusal,
  next: string,
  { access: { denied } }: Messages,
): string {
  const entries = [...letsIn, ...(hasOthers && letsIn.length > 0 ? [denied.others] : [])];
  const list = entries.map((entry) => `<li>${escaped(entry)}</li>`).join('');
  const parts = [
    `<div role="alert"><p>${escaped(denied.whys[why])}</p></div>`,
    `<p class="small">${escaped(denied.asked)}<br><code>${escaped(readable(next))}</code></p>`,
    list && `<div class="list"><p>${escaped(denied.letsIn)}</p><ul>${list}</ul></div>`,
    list && hasExceptions && `<p class="small">${escaped(denied.exceptions)}</p>`,
    `<p>${escaped(askWhom.length > 0 ? denied.askWhom(askWhom) : denied.askAdmin)}</p>`,
  ];
  return parts.filter(Boolean).join('');
}

/** The path as people write it; the query may hold what does not belong on a screen. */
function readable(target: string): string {
  const path = target.replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(path).slice(0, 200);
  } catch {
    return path.slice(0, 200);
  }
}
