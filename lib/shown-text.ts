import 'server-only';

/**
 * Text of other people, as it may be shown. DingTalk hands on whatever was typed: characters without a shape make two
 * names look alike or a row blank, and marks of direction turn around whatever stands beside a name.
 */

/** Controls and every kind of blank, and characters that have a place but no shape. */
const BLANKS = /[\p{Cc}\p{Z}\u2800\u303f\ufffc\u{1d159}\u{13441}\u{13442}]/gu;
/** Fillers, zero-width characters, marks of direction, tags, characters that are none. */
const WITHOUT_SHAPE =
  /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/gu;
/** They choose the form of the character before. */
const SELECTOR = /^[\p{Variation_Selector}]$/u;
const SELECTORS = /\p{Variation_Selector}/gu;
/** They join or part letters of some scripts, and emoji. */
const JOINERS = /[\u200c\u200d]/g;
const IS_JOINER = /^[\u200c\u200d]$/;
const JOINABLE =
  /[\p{M}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Extended_Pictographic}\p{Emoji_Modifier}]$/u;
const SHAPE = /[\p{L}\p{N}\p{P}\p{S}\p{Co}]/u;
const BEGINS_WITH_SHAPE = /^[\p{L}\p{N}\p{P}\p{S}\p{Co}]/u;
const LAST_CHARACTER = /[\s\S][\udc00-\udfff]?$/;
/** More than any script piles up on a letter: the rest would cover the lines above and below. */
const PILES = /(\p{M}{8})\p{M}+/gu;

/** @returns undefined when nothing of it could be seen */
export function shownText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const clean = text
    .toWellFormed()
    .replace(BLANKS, ' ')
    .replace(WITHOUT_SHAPE, (one) => (SELECTOR.test(one) || IS_JOINER.test(one) ? one : ''))
    .replace(SELECTORS, (one, at: number, whole: string) => (SHAPE.test(lastBefore(whole, at)) ? one : ''))
    .replace(JOINERS, (one, at: number, whole: string) =>
      JOINABLE.test(lastBefore(whole, at)) && BEGINS_WITH_SHAPE.test(whole.slice(at + 1, at + 3)) ? one : '',
    )
    .replace(PILES, '$1')
    .trim();
  return SHAPE.test(clean) ? clean : undefined;
}

function lastBefore(text: string, at: number): string {
  return LAST_CHARACTER.exec(text.slice(Math.max(0, at - 2), at))?.[0] ?? '';
}

/** A person's name, never blank: the user id where there is none to see. */
export function shownName(name: string | undefined, userId: string): string {
  return shownText(name) ?? shownText(userId) ?? '?';
}
