import 'server-only';
import { pinyin } from 'pinyin-pro';

const HAN = /\p{Script=Han}+/gu;
/** What is invisible: controls, zero-width characters, marks of direction. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}]/gu;
const MARKS = /\p{M}/gu;
const LETTERS: Record<string, string> = {
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ð: 'd',
  þ: 'th',
};
const MAX_NAME = 32;

/** One spelling for all: width, case, accents and invisible characters do not count. */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .toLowerCase()
    .normalize('NFD')
    .replace(MARKS, '')
    .replace(/[łøđßæœðþ]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFC')
    .trim();
}

/** Letters and digits only, without what stands between them. */
export function squeeze(folded: string): string {
  return folded.replace(/[^\p{L}\p{N}]+/gu, '');
}

/**
 * How a name is spoken: one entry for each Chinese character or word of another script. The first characters are
 * taken for a family name, so that 曾 is zeng and 单 is shan. `ü` is written `v`, as people type it.
 */
export function syllablesOf(name: string): string[] {
  const folded = fold(name).slice(0, MAX_NAME);
  const syllables: string[] = [];
  let end = 0;
  for (const match of folded.matchAll(HAN)) {
    syllables.push(...wordsIn(folded.slice(end, match.index)));
    const surname = match.index === 0 ? 'head' : 'off';
    syllables.push(...pinyin(match[0], { surname, toneType: 'none', type: 'array', v: true }));
    end = match.index + match[0].length;
  }
  syllables.push(...wordsIn(folded.slice(end)));
  return syllables.filter(Boolean);
}

function wordsIn(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Text as the full-text index takes it: every Chinese or Japanese character a word of its own. */
export function spaced(text: string): string {
  return fold(text).replace(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu, ' $& ');
}
