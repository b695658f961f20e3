/** How people write that an extension follows, and the extension, perhaps in brackets. */
const MARKED_EXTENSION =
  /[\s,;(-]*(?:转|轉|内线|內線|分机|分機|extension|extn|ext|[x#,;])[\s号號.:：=-]*(\d{1,8})\s*\)?$/i;
/**
 * A country's code, an area's code, a line of seven or eight digits in one piece or two, and then some more digits:
 * these are an extension, not a part of the number. Lines do not begin with 0.
 */
const BARE_EXTENSION =
  /^((?:(?:\+|00)\d{1,3}-|86-|1-)?(?:\(?(0?\d{2,3})\)?-?(?:[1-9]\d{6,7}|[1-9]\d{2,3}-\d{4})|[1-9]\d{7}|[1-9]\d{3}-\d{4}|1\d{10}))-(\d{1,6})$/;
const BRACKETED_EXTENSION = /^(.*\d)\s*\((\d{1,6})\)$/;
const MAX_LENGTH = 64;
const NUMBER = /^\+?[\d() -]{2,30}$/;

/**
 * A link that calls a number, and after a pause its extension; undefined for what is no number. Dialled as one number,
 * an extension would make it another person's number.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3966 which has no pause; phones read a comma as one
 */
export function callAddress(written: string | undefined): string | undefined {
  if (written === undefined || written.length > MAX_LENGTH) return undefined;
  const text = written
    .normalize('NFKC')
    .replace(/[\p{Pd}.\u2212]/gu, (sign) => (sign === '.' ? '.' : '-'))
    .trim();
  const { number, extension } = partedOf(text);
  if (!NUMBER.test(number)) return undefined;
  // Between a country's code and an area, the area's own zero is only written.
  const dialled = number.replace(/^(\+.*)\(0\)/, '$1').replace(/[^\d+]/g, '');
  if (!/^\+?\d{2,20}$/.test(dialled)) return undefined;
  return `tel:${dialled}${extension === undefined ? '' : `,${extension}`}`;
}

function partedOf(text: string): { number: string; extension?: string | undefined } {
  const marked = MARKED_EXTENSION.exec(text);
  if (marked) return { number: text.slice(0, marked.index), extension: marked[1] };
  const bracketed = BRACKETED_EXTENSION.exec(text);
  if (bracketed) return { number: bracketed[1]!, extension: bracketed[2] };
  const bare = BARE_EXTENSION.exec(text.replace(/[\s-]+/g, '-'));
  return bare ? { number: bare[1]!, extension: bare[3] } : { number: text };
}
