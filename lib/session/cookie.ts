import 'server-only';
import { BASE_PATH } from '../base-path';

export interface CookieSettings {
  publicOrigin: string;
  sessionSameSite: 'lax' | 'none';
}

/** A session cookie fits into this; one character more is kept, so that a longer one is still seen to be too long. */
const MAX_OWN_VALUE_LENGTH = 4097;
const MAX_OWN_NAMES = 64;
/** What pages of one's own may have in cookies, all of them together. */
const MAX_OTHERS = 64;
const MAX_OTHERS_LENGTH = 4096;
/**
 * Several builds below one origin: each has cookies of its own, though `__Host-` wants them for the whole of it. Those of
 * protected hosts are alone there, and reverse proxies take them out by their names.
 */
const OF_BASE_PATH = BASE_PATH.replaceAll('/', '.');
const ON_MAIN_ORIGIN = /^dingpass(?!-(?:host|begun)$)/;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const VISIBLE = /^[\x21-\x3a\x3c-\x7e]*$/;

/**
 * How cookies of this deployment are named and marked. On https they are `__Host-` and Secure, so that no sibling
 * site can plant one; Safari keeps no Secure cookie on http://localhost, so there they are neither. With
 * `SameSite=None` they are Partitioned: browsers that block other sites' cookies keep those in a frame.
 *
 * @see https://developer.mozilla.org/docs/Web/Privacy/Guides/Privacy_sandbox/Partitioned_cookies
 */
export function createCookies({ publicOrigin, sessionSameSite }: CookieSettings) {
  const secure = publicOrigin.startsWith('https:');
  const sameSite = { lax: 'Lax', none: 'None; Partitioned' }[sessionSameSite];
  const flags = `Path=/; HttpOnly; ${secure ? 'Secure; ' : ''}SameSite=${sameSite}`;
  const set = (fullName: string, value: string, maxAgeSeconds: number) =>
    `${fullName}=${value}; Max-Age=${maxAgeSeconds}; ${flags}`;
  return {
    /** The full name of one of our cookies. */
    nameOf: (name: string) => (secure ? '__Host-' : '') + name.replace(ON_MAIN_ORIGIN, `$&${OF_BASE_PATH}`),
    /** Every value under exactly this full name, as sent: nothing is decoded or taken from a similar name. */
    valuesOf: (header: string | null | undefined, fullName: string): readonly string[] =>
      readCookies(header).get(fullName) ?? [],
    /** A `Set-Cookie` value. */
    set,
    clear: (fullName: string) => set(fullName, '', 0),
  };
}

/**
 * Every value of every name in a `Cookie` header, in the order sent. Takes time in proportion to the header's length,
 * whatever is in it: any client can send 16 KB of anything.
 */
export function readCookies(header: string | null | undefined): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = withoutBlanks(pair.slice(0, equals), 'start');
    const value = withoutBlanks(pair.slice(equals + 1), 'end');
    const values = found.get(name);
    if (values) values.push(value);
    else found.set(name, [value]);
  }
  return found;
}

/**
 * A `Cookie` header that code behind the server can parse without risk: our own cookies, and a bounded number of
 * well-formed ones for pages of one's own. Parsers of frameworks and libraries are not all linear.
 *
 * @param prefix what the names of our own cookies begin with
 */
export function boundedCookieHeader(header: string, prefix: string): string {
  const own: string[] = [];
  const others: string[] = [];
  let othersLength = 0;
  let ownNames = 0;
  // The newest come last: where there are too many, the oldest are left out.
  for (const [name, values] of [...readCookies(header)].reverse()) {
    if (!TOKEN.test(name)) continue;
    if (name.startsWith(prefix)) {
      if (++ownNames > MAX_OWN_NAMES) continue;
      // Two of one name are one too many, and more say nothing else.
      own.unshift(...values.slice(0, 2).map((value) => `${name}=${value.slice(0, MAX_OWN_VALUE_LENGTH)}`));
      continue;
    }
    const pair = `${name}=${values[0]}`;
    if (!VISIBLE.test(values[0] ?? '') || others.length >= MAX_OTHERS) continue;
    othersLength += pair.length;
    if (othersLength <= MAX_OTHERS_LENGTH) others.unshift(pair);
  }
  return [...own, ...others].join('; ');
}

/** By two indices: a regular expression that trims the end is quadratic in blanks inside a value. */
function withoutBlanks(text: string, side: 'start' | 'end'): string {
  const isBlank = (at: number) => text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9;
  let [from, to] = [0, text.length];
  if (side === 'start') while (from < to && isBlank(from)) from++;
  else while (to > from && isBlank(to - 1)) to--;
  return text.slice(from, to);
}
