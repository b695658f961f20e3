/** Where people land when there is nowhere better. */
const HOME = '/';
/** A target longer than this is not one of our pages, and would not fit a header beside a cookie. */
const MAX_LENGTH = 2048;
/** Control and invisible characters, every kind of blank, unpaired surrogates, backslashes, look-alikes of slashes. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\uff0f\uff3c\\]/u;
/** What must not come out of a path however often it is decoded: a backslash, a control character, `%u` spellings. */
const TRAP = /[\\\p{Cc}]|%u[0-9a-f]{4}/iu;
/** What even a query must not have. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const MAX_DECODINGS = 5;
/** Our own addresses that are no return target: a loop, the API, the framework's files. */
const NOT_A_PAGE = /^\/(?:login|api|_next)(?:\/|$)/i;

/**
 * Cleans a return target: a path of ours is given back exactly as it came, anything else becomes `/`. Nothing is
 * repaired and nothing re-assembled, because what a parser made of a hostile target is hostile too.
 *
 * @param value the target after one percent-decoding, from a query, a JSON body or a sealed state
 */
export function safeReturnTo(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return HOME;
  const [path = '', ...rest] = value.split(/(?=[?#])/);
  if (!path.startsWith('/') || path.startsWith('//')) return HOME;
  if (FORBIDDEN.test(path) || CONTROL.test(rest.join(''))) return HOME;
  return isOursHoweverDecoded(path) ? value : HOME;
}

/**
 * A proxy on the way may decode a path once more, or several times. A slash that comes of it is none of ours to refuse
 * (it may stand in a user id) as long as the path still is one of our pages.
 */
function isOursHoweverDecoded(path: string): boolean {
  let stage = path;
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings++) {
    if (stage.startsWith('//') || TRAP.test(stage)) return false;
    const resolved = resolvedPath(stage);
    if (resolved === undefined || resolved.startsWith('//') || NOT_A_PAGE.test(resolved)) return false;
    const decoded = decodeAscii(stage);
    if (decoded === stage) return true;
    stage = decoded;
  }
  return false;
}

/** A checked target as a `Location` header can hold it: what is not ASCII is percent-encoded, nothing else changes. */
export function asLocation(target: string): string {
  return target.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

/** What a browser makes of the target's path, or undefined when it would leave this origin. */
function resolvedPath(value: string): string | undefined {
  const base = 'https://origin.invalid';
  try {
    const url = new URL(value, base);
    return url.origin === base ? decodeAscii(url.pathname) : undefined;
  } catch {
    return undefined;
  }
}

/** `/%6cogin` is `/login` to the router. */
function decodeAscii(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}
