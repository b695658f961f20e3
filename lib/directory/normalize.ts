import 'server-only';
import variantsOfHongKong from 'opencc-js/dict/HKVariantsRev';
import traditionalCharacters from 'opencc-js/dict/TSCharacters';

/** What is invisible: controls, zero-width characters, marks of direction, fillers. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** Blanks that would be taken for controls, and the Korean dot, which Unicode takes for a letter. */
const PARTING = /[\t-\r\u0085\u318d\u119e]/g;
const MARKS = /\p{M}/gu;
/** Letters of their own to Unicode; what people type for them. Apostrophes of names, and strokes that only lengthen, are nothing. */
const LETTERS = new Map(
  Object.entries({
    ...{ ł: 'l', ø: 'o', đ: 'd', ß: 'ss', æ: 'ae', œ: 'oe', ð: 'd', þ: 'th', ı: 'i', ħ: 'h', ŧ: 't' },
    ...{ ŋ: 'n', ə: 'e', ƙ: 'k', ɓ: 'b', ɗ: 'd', ƴ: 'y', ς: 'σ' },
    ...{ ى: 'ي', ی: 'ي', ک: 'ك', ہ: 'ه', ھ: 'ه', ە: 'ه', ة: 'ه', ـ: '' },
  }),
);
const OTHER_LETTERS = new RegExp(`[${[...LETTERS.keys()].join('')}]`, 'g');
const APOSTROPHES = /[\u02b9-\u02d1\u02ee\ua78b\ua78c]/g;
const KATAKANA = /[\u30a1-\u30f6]/g;
const KATAKANA_TO_HIRAGANA = 0x60;
const HAN = /\p{Script=Han}/gu;

/** Old, Japanese and popular forms that OpenCC has no pair for. */
const MORE_VARIANTS =
  '髙高 﨑崎 珎珍 凃涂 呉吴 戸户 靑青 淸清 敎教 郞郎 囯国 姪侄 煕熙 曁暨 寗宁 禇褚 値值 豊丰 竜龙 関关 浜滨 濵滨 栢柏 沢泽 広广 辺边 邉边 斎斋 斉齐 徳德 栄荣 桜樱 黒黑 恵惠 亀龟 滝泷 実实 児儿 嶋岛 鉄铁 剣剑';

let simplified: Map<string, string> | undefined;

/** The simplified form of one Chinese character; itself, where there is no other. */
export function simplify(character: string): string {
  simplified ??= readPairs();
  return simplified.get(character) ?? character;
}

function readPairs(): Map<string, string> {
  const pairsIn = (text: string) => text.split('|').map((pair) => pair.split(' ') as [string, string]);
  const pairs = new Map(pairsIn(traditionalCharacters));
  const more = [
    ...pairsIn(variantsOfHongKong),
    ...MORE_VARIANTS.split(' ').map((pair) => [...pair] as [string, string]),
  ];
  for (const [variant, usual] of more) {
    if (!pairs.has(variant)) pairs.set(variant, pairs.get(usual) ?? usual);
  }
  return pairs;
}

/** One spelling for all: width, case, accents, kinds of kana, Chinese forms and invisible characters do not count. */
export function normalize(text: string): string {
  return foldLetters(text).replace(HAN, simplify);
}

/** As `normalize`, with Chinese characters as they were written. */
export function foldLetters(text: string): string {
  return text
    .replace(PARTING, ' ')
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .toLowerCase()
    .normalize('NFD')
    .replace(MARKS, '')
    .replace(OTHER_LETTERS, (letter) => LETTERS.get(letter)!)
    .replace(APOSTROPHES, '')
    .replace(KATAKANA, (kana) => String.fromCharCode(kana.charCodeAt(0) - KATAKANA_TO_HIRAGANA))
    .normalize('NFC')
    .trim();
}

const GERMAN_AND_NORDIC: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/** As `normalize`, with `ü` as `ue` and its like: the other way to type them. */
export function foldToDigraphs(text: string): string {
  const lower = text.normalize('NFC').toLowerCase();
  return normalize(lower.replace(/[äöüåø]/g, (letter) => GERMAN_AND_NORDIC[letter]!));
}

/** Letters and digits only, without what stands between them. */
export function alphanumericOnly(folded: string): string {
  return folded.replace(/[^\p{L}\p{N}]+/gu, '');
}

/** Words of folded text: whatever is no letter and no digit parts them, every kind of dot included. */
export function wordsIn(folded: string): string[] {
  return folded.match(/[\p{L}\p{N}]+/gu) ?? [];
}

const WITHOUT_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}ー]/gu;
/** Chinese characters that are younger than the index's knowledge of Unicode: it would take them for punctuation. */
const YOUNG = /[\u4db6-\u4dbf\u9fcd-\u9fff\u{2b820}-\u{3ffff}]/gu;

/** Text as the full-text index takes it: in scripts without blanks, every character is a word of its own. */
export function spaced(text: string): string {
  return normalize(text)
    .replace(WITHOUT_BLANKS, ' $& ')
    .replace(YOUNG, (character) => `u${character.codePointAt(0)!.toString(16)}`);
}
