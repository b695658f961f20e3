/**
 * Fields as DingTalk sends them: a number as text, a flag as 0 or 1, null, or nothing at all. What cannot be read is
 * undefined, never a guess; the caller decides what that means.
 */

/** Beyond it whole numbers lose digits, so that two ids would become one. */
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
/** DingTalk's own bound on a userid. */
const MAX_USER_ID = 64;

/** @returns never an empty text */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value || undefined;
  return isWhole(value) ? String(value) : undefined;
}

export function toFlag(value: unknown): boolean | undefined {
  const word = typeof value === 'string' ? value.slice(0, 8).trim().toLowerCase() : value;
  if (word === true || word === 1 || word === '1' || word === 'true') return true;
  return word === false || word === 0 || word === '0' || word === 'false' ? false : undefined;
}

/** A whole number that is exact: an id, a time in ms, a count. */
export function toWhole(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return isWhole(number) ? number : undefined;
}

export function toUserId(value: unknown): string | undefined {
  const text = toText(value);
  return text !== undefined && text.length <= MAX_USER_ID ? text : undefined;
}

/** The fields of an object; of anything else, none. */
export function toFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The items of a list that can be read. What is no list has none. */
export function toList<T>(value: unknown, read: (item: unknown) => T | undefined): T[] {
  if (!Array.isArray(value)) return [];
  return value.map(read).filter((item): item is Awaited<T> & T => item !== undefined);
}
