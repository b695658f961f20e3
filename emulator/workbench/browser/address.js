import { clients } from './clients.js';

const parameters = new URLSearchParams(location.search);

const open = parameters.get('open') ?? '';

/** What the page's own address asks for: who, on which client, whether the app opens at once, in which language. */
export const asked = {
  person: parameters.get('as') ?? undefined,
  client: clients.find(({ id }) => id === parameters.get('client')),
  open: open === '1' || open.startsWith('/'),
  /** The page at which the app opens, instead of its home. */
  page: open.startsWith('/') ? open : undefined,
  /** @type {'zh' | 'en'} */
  language: languageOf(parameters.get('lang') ?? navigator.language),
};

/**
 * Keeps the address true to what is shown, so that it can be reloaded, bookmarked and sent to a colleague.
 *
 * @param {{ as?: string, client?: string, open?: boolean | string, lang?: 'zh' | 'en' }} change
 */
export function keepAddress(change) {
  for (const [name, value] of Object.entries(change)) {
    if (value === false) parameters.delete(name);
    else parameters.set(name, value === true ? '1' : String(value));
  }
  history.replaceState(null, '', `?${parameters}`);
}

/** @param {string} tag @returns {'zh' | 'en'} */
function languageOf(tag) {
  return tag === '' || tag.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
