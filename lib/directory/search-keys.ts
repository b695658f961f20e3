import 'server-only';
import { fold, spaced, squeeze, syllablesOf } from './sound';
import type { PersonRecord } from './store';

/** By what somebody is found when it is typed from its beginning. The numbers are in the database. */
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
} as const;

export type KeyKind = (typeof KEY)[keyof typeof KEY];

export interface SearchKey {
  kind: KeyKind;
  key: string;
}

const MAX_PARTS = 5;

/** Everything that finds a person. The same record always gives the same keys: that is how they are removed again. */
export function searchKeys(record: PersonRecord): SearchKey[] {
  const syllables = syllablesOf(record.name);
  const keys: SearchKey[] = [
    { kind: KEY.name, key: squeeze(fold(record.name)) },
    { kind: KEY.initials, key: syllables.map((syllable) => [...syllable][0]).join('') },
  ];
  for (const spoken of spellings(syllables)) {
    keys.push({ kind: KEY.sound, key: spoken.join('') });
    for (let from = 1; from < Math.min(spoken.length, MAX_PARTS); from++) {
      keys.push({ kind: KEY.soundPart, key: spoken.slice(from).join('') });
    }
  }
  for (const word of fold(record.name).split(/\s+/).slice(1, MAX_PARTS)) {
    keys.push({ kind: KEY.word, key: squeeze(word) });
  }
  if (record.jobNumber) {
    const number = squeeze(fold(record.jobNumber));
    // People leave out the zeros in front.
    keys.push({ kind: KEY.jobNumber, key: number }, { kind: KEY.jobNumber, key: number.replace(/^0+/, '') });
  }
  const digits = record.mobile?.replace(/\D/g, '');
  if (digits) keys.push({ kind: record.hideMobile ? KEY.hiddenMobile : KEY.mobile, key: reversed(digits) });
  const unique = new Map(keys.map((entry) => [`${entry.kind} ${entry.key}`, entry]));
  return [...unique.values()]
    .filter(({ key }) => key !== '')
    .map((entry) => ({ ...entry, key: entry.key.slice(0, 64) }));
}

/** 吕 is typed `lv`, and by some `lu`. */
function spellings(syllables: string[]): string[][] {
  const other = syllables.map((syllable) =>
    /^[ln]ve?$/.test(syllable) ? syllable.replace('v', 'u') : syllable,
  );
  return other.join() === syllables.join() ? [syllables] : [syllables, other];
}

export function reversed(digits: string): string {
  return [...digits].reverse().join('');
}

/** What the full-text index holds of a person: a column for each way to be found, so that any can be left out. */
export interface SearchText {
  name: string;
  rest: string;
  keys: string;
  mobile: string;
  hiddenMobile: string;
}

const NOT_IN_KEYS: KeyKind[] = [KEY.name, KEY.mobile, KEY.hiddenMobile];

/** @param keys those of the same record */
export function searchText(record: PersonRecord, keys: readonly SearchKey[]): SearchText {
  const joined = (wanted: (kind: KeyKind) => boolean) =>
    keys
      .filter(({ kind }) => wanted(kind))
      .map(({ key }) => key)
      .join(' ');
  return {
    name: spaced(record.name),
    rest: spaced(record.title ?? ''),
    // The name itself is in a column of its own.
    keys: joined((kind) => !NOT_IN_KEYS.includes(kind)),
    mobile: joined((kind) => kind === KEY.mobile),
    hiddenMobile: joined((kind) => kind === KEY.hiddenMobile),
  };
}
