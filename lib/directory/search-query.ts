import 'server-only';
import { shownText } from '../shown-text';
import type { Phrase } from '../storage/dialect';
import { alphanumericOnly, normalize } from './normalize';
import { COLUMN, type Column, reversed, wordsOf } from './search-keys';

/** Longer input is cut: no name is longer. */
const MAX_QUERY = 64;
const MAX_TERMS = 4;
const MIN_MOBILE_DIGITS = 3;
const MAX_TOKENS = 24;

/** How to look for some terms. */
export interface SearchPlan {
  /** The terms, folded. */
  terms: string[];
  /** Letters and digits, folded: the beginning of a key. */
  key: string;
  /** Digits from the last to the first, when all of it can be the end of a mobile number. */
  mobileTail: string | undefined;
  /** Also look at numbers that people hide. */
  hiddenMobiles: boolean;
  /** The words of the only term, side by side in a name or a title; undefined where there are several terms. */
  words: { name: Phrase; rest: Phrase } | undefined;
  /** Every term somewhere, in whatever order. */
  each: Phrase[][];
}

/** What the viewer typed, cleaned: its terms, and how it is shown. */
export function parseQuery(input: string): { shown: string; terms: string[] } {
  // Cut by characters, not by halves of them; twice, because folding can lengthen.
  const cut = [...input.slice(0, MAX_QUERY * 4).normalize('NFC')].slice(0, MAX_QUERY).join('');
  const shown = shownText(cut) ?? '';
  const folded = normalize(shown).slice(0, MAX_QUERY);
  const terms = folded.split(/\s+/).filter((term) => alphanumericOnly(term) !== '');
  return { shown, terms: terms.slice(0, MAX_TERMS) };
}

/** @param text folded terms, with blanks between them */
export function planSearch(text: string, hiddenMobiles: boolean): SearchPlan {
  const terms = text.split(/\s+/).filter((term) => alphanumericOnly(term) !== '');
  return {
    terms,
    key: alphanumericOnly(text),
    mobileTail: mobileTail(text),
    hiddenMobiles,
    words: terms.length === 1 ? wordsFor(text) : undefined,
    each: terms.map((term) => anywhere(term, hiddenMobiles)),
  };
}

/** As people write numbers, and as they are shown: the country's code is no part of what DingTalk keeps. */
function mobileTail(text: string): string | undefined {
  const number = text.replace(/^(?:(?:\+|00)\d{1,4}[\s-]+|\+86|0086)/, '');
  if (!/^[\d\s()+.\p{Pd}]+$/u.test(number)) return undefined;
  const digits = number.replace(/\D/g, '');
  return digits.length >= MIN_MOBILE_DIGITS ? reversed(digits) : undefined;
}

/** A term in a name or a title, or as the beginning of a key. */
function anywhere(term: string, hiddenMobiles: boolean): Phrase[] {
  const words = wordsFor(term);
  const beginning = (column: Column, key: string): Phrase => ({ tokens: [column + key], goesOn: true });
  const tail = mobileTail(term);
  const mobiles = hiddenMobiles ? [COLUMN.mobile, COLUMN.hiddenMobile] : [COLUMN.mobile];
  return [
    ...(words ? [words.name, words.rest] : []),
    beginning(COLUMN.key, alphanumericOnly(term)),
    ...(tail === undefined ? [] : mobiles.map((column) => beginning(column, tail))),
  ];
}

/** The words of a text side by side; the last one may go on, unless that would fit too much. */
function wordsFor(text: string): { name: Phrase; rest: Phrase } | undefined {
  const phrase = (column: Column): Phrase => {
    const tokens = wordsOf(column, text).slice(0, MAX_TOKENS);
    const last = tokens.at(-1) ?? '';
    return { tokens, goesOn: last.length > 2 && /^[a-z0-9]+$/.test(last) };
  };
  const [name, rest] = [phrase(COLUMN.name), phrase(COLUMN.rest)];
  return name.tokens.length > 0 ? { name, rest } : undefined;
}
