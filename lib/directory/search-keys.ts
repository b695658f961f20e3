import 'server-only';
import type { PersonRecord } from './model';
import { alphanumericOnly, foldToDigraphs, normalize, spaced, wordsIn } from './normalize';
import { spokenFrom } from './pinyin';

/** A person as they are entered. */
export interface NewMember {
  userId: string;
  record: PersonRecord;
}

/** By what a person is found when it is typed from its beginning. The numbers are in the database. */
export const KEY = {
  name: 1,
  sound: 2,
  initials: 3,
  jobNumber: 5,
  /** From the last digit backwards. */
  mobile: 6,
  /** Of those who hide it. */
  hiddenMobile: 7,
  /** From the second syllable on, from the third… */
  soundPart: 8,
  /** Words of a name after the first. */
  word: 9,
  /** Whole ids only: many begin alike. */
  userId: 10,
} as const;

export type KeyKind = (typeof KEY)[keyof typeof KEY];

export interface SearchKey {
  kind: KeyKind;
  key: string;
}

const MAX_KEY = 64;
/**
 * Combinations of readings by which a name, or the rest of it, is found. Four times the 64 that are promised: the
 * dictionary has rare readings too, and they must not push out those that people know.
 */
const MAX_COMBINATIONS = 256;

/** Everything that finds a person. The same person always gives the same keys: that is how they are removed again. */
export function searchKeys({ userId, record }: NewMember): SearchKey[] {
  const keys = [
    ...textKeys(record.name),
    ...soundKeys(record.name),
    { kind: KEY.userId, key: keyOf(userId) },
  ];
  if (record.jobNumber) {
    const number = keyOf(record.jobNumber);
    // People leave out the zeros in front.
    keys.push({ kind: KEY.jobNumber, key: number }, { kind: KEY.jobNumber, key: number.replace(/^0+/, '') });
  }
  const digits = record.mobile?.replace(/\D/g, '');
  if (digits) keys.push({ kind: record.hideMobile ? KEY.hiddenMobile : KEY.mobile, key: reversed(digits) });
  const cut = keys.map(({ kind, key }) => ({ kind, key: key.slice(0, MAX_KEY) }));
  const unique = new Map(cut.map((entry) => [`${entry.kind} ${entry.key}`, entry]));
  return [...unique.values()].filter(({ key }) => key !== '');
}

const keyOf = (text: string) => alphanumericOnly(normalize(text));

/** The name as it is written, and its words after the first. */
function textKeys(name: string): SearchKey[] {
  return [...new Set([normalize(name), foldToDigraphs(name)])].flatMap((folded): SearchKey[] => [
    { kind: KEY.name, key: alphanumericOnly(folded) },
    ...wordsIn(folded)
      .slice(1)
      .map((key) => ({ kind: KEY.word, key })),
  ]);
}

function soundKeys(name: string): SearchKey[] {
  const written = keyOf(name);
  const spoken = spokenFrom(name, { limit: MAX_COMBINATIONS, surname: true });
  return spoken.flatMap(({ sounds, initials, begins }, at): SearchKey[] => [
    ...sounds
      .flatMap(spellings)
      // What is spoken as it is written is found as a text.
      .filter((key) => key !== written)
      .map((key) => ({ kind: at === 0 ? KEY.sound : KEY.soundPart, key })),
    ...(begins ? initials.map((key) => ({ kind: KEY.initials, key })) : []),
  ]);
}

/** 吕 is typed `lv`, by some `lu`, and stands as `lyu` in passports. */
function spellings(syllables: string[]): string[] {
  const spelled = (vowel: string) =>
    syllables
      .map((syllable) => (/^[ln]ve?$/.test(syllable) ? syllable.replace('v', vowel) : syllable))
      .join('');
  return [...new Set(['v', 'u', 'yu'].map(spelled))];
}

export function reversed(digits: string): string {
  return [...digits].reverse().join('');
}

/** What a word of the full-text index is of: the letter in front of it, so that each can be looked for alone. */
export const COLUMN = { name: 'n', rest: 'r', key: 'k', mobile: 'm', hiddenMobile: 'h' } as const;

export type Column = (typeof COLUMN)[keyof typeof COLUMN];

/** Words of a text, in its order. */
export function wordsOf(column: Column, text: string): string[] {
  return wordsIn(spaced(text)).map((word) => column + word);
}

const COLUMN_OF_KEY: Partial<Record<KeyKind, Column>> = {
  [KEY.sound]: COLUMN.key,
  [KEY.initials]: COLUMN.key,
  [KEY.jobNumber]: COLUMN.key,
  [KEY.soundPart]: COLUMN.key,
  [KEY.word]: COLUMN.key,
  [KEY.mobile]: COLUMN.mobile,
  [KEY.hiddenMobile]: COLUMN.hiddenMobile,
};

/** What the full-text index holds of a person. @param keys those of the same person */
export function searchText(
  { record }: NewMember,
  keys: readonly SearchKey[],
): { ordered: string[]; unordered: string[] } {
  const unordered = keys.flatMap(({ kind, key }) => {
    const column = COLUMN_OF_KEY[kind];
    return column ? [column + key] : [];
  });
  return {
    ordered: [...wordsOf(COLUMN.name, record.name), ...wordsOf(COLUMN.rest, record.title ?? '')],
    unordered: [...new Set(unordered)],
  };
}
