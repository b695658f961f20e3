import 'server-only';
import { reversed } from './search-keys';
import { fold, spaced, squeeze } from './sound';

/** Longer input is cut: nobody's name is longer, and nobody's patience. */
const MAX_QUERY = 64;
const MAX_TERMS = 4;
const MIN_MOBILE_DIGITS = 3;
const MAX_TOKENS = 24;

/** How to look for one term. */
export interface SearchPlan {
  /** The term as it was typed: perhaps somebody's id. */
  userId: string;
  /** Letters and digits, folded: the beginning of a key. */
  key: string;
  /** Digits from the last to the first, when the term can be the end of a mobile number. */
  mobileTail: string | undefined;
  /** Also look at numbers that people hide. */
  hiddenMobiles: boolean;
  /** Expression for the full-text index, safe by construction; absent when there is no word in the term. */
  words: string | undefined;
}

/** What somebody typed, cleaned: its terms, and how it is shown. */
export function parseQuery(input: string): { shown: string; terms: string[] } {
  // Cut by characters, not by halves of them; twice, because folding can lengthen.
  const shown = [...input.slice(0, MAX_QUERY * 4).normalize('NFC')].slice(0, MAX_QUERY).join('').trim();
  const folded = fold(shown).slice(0, MAX_QUERY);
  const terms = folded.split(/\s+/).filter((term) => squeeze(term) !== '');
  return { shown, terms: terms.slice(0, MAX_TERMS) };
}

/** @param term folded */
export function planSearch(term: string, hiddenMobiles: boolean): SearchPlan {
  const key = squeeze(term);
  const digits = /^[\d\s+-]+$/.test(term) ? term.replace(/\D/g, '') : '';
  return {
    userId: term,
    key,
    mobileTail: digits.length >= MIN_MOBILE_DIGITS ? reversed(digits) : undefined,
    hiddenMobiles,
    words: phrase(term),
  };
}

/** The term's words side by side; the last one may go on, unless that would fit too much. */
function phrase(term: string): string | undefined {
  const tokens =
    spaced(term)
      .match(/[\p{L}\p{N}]+/gu)
      ?.slice(0, MAX_TOKENS) ?? [];
  const last = tokens.at(-1);
  if (last === undefined) return undefined;
  const goesOn = last.length >= 2 && /^[a-z0-9]+$/.test(last) ? '*' : '';
  // Only letters and digits are left: nothing in it can end the quotation.
  return `"${tokens.join(' ')}"${goesOn}`;
}
