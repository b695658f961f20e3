/**
 * Text of other people, as it may be shown. DingTalk hands on whatever was typed: characters without a shape make two
 * names look alike or a row blank, and marks of direction turn around whatever stands beside a name.
 */

/** Controls and every kind of blank, and characters that have a place but no shape. */
const BLANKS = /[\p{Cc}\p{Z}\u2800\u303f\ufffc\u{1d159}\u{13441}\u{13442}]/gu;
/** Fillers, zero-width characters, marks of direction, tags, characters that are none. */
const WITHOUT_SHAPE =
  /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/gu;
/** What joins or parts letters of scripts and emoji that need it, and what chooses a character's form: only there. */
const JOINER = /^[\u200c\u200d]$/;
const JOINABLE =
  /[\p{M}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Extended_Pictographic}\p{Emoji_Modifier}]$/u;
const VARIATION = /^\p{Variation_Selector}$/u;
const SHAPE = /[\p{L}\p{N}\p{P}\p{S}\p{Co}]/u;
const LAST_CHARACTER = /[\s\S][\udc00-\udfff]?$/;
/** More than any script piles up on a letter: the rest would cover the lines above and below. */
const PILES = /(\p{M}{8})\p{M}+/gu;

/** @returns undefined when nothing of it could be seen */
export function shownText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const clean = text
    .toWellFormed()
    .replace(BLANKS, ' ')
    .replace(WITHOUT_SHAPE, (character, at: number, whole: string) => {
      const before = lastOf(whole.slice(Math.max(0, at - 2), at));
      if (VARIATION.test(character)) return SHAPE.test(before) ? character : '';
      const after = whole.slice(at + 1, at + 3);
      return JOINER.test(character) && JOINABLE.test(before) && SHAPE.test(after) ? character : '';
    })
    .replace(PILES, '$1')
    .trim();
  return SHAPE.test(clean) ? clean : undefined;
}

function lastOf(text: string): string {
  return LAST_CHARACTER.exec(text)?.[0] ?? '';
}

/** A person's name, never blank: the user id where there is none to see. */
export function shownName(name: string | undefined, userId: string): string {
  return shownText(name) ?? shownText(userId) ?? '?';
}
