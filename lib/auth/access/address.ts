import 'server-only';

/** Addresses of rules, and the addresses that people ask for, in one form. */

/** What a rule covers. */
export interface AddressPattern {
  /** Undefined: the pages of dingpass itself. */
  host: string | undefined;
  /** Without a slash at the end; `/` for the whole host. */
  path: string;
  /** The path itself and everything below it. */
  below: boolean;
}

const MAX_DECODINGS = 5;
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const CONTROL = /[\p{Cc}\p{Cs}]/u;
const BLANK_AT_AN_END = /\/\s|\s(?:\/|$)/;
const PLAIN = /^(?:\/[\w~-][\w~.-]*)+$/;

/** @returns a sentence in both languages where the text is no address of a rule */
export function parsePattern(text: string): AddressPattern | string {
  const slash = text.indexOf('/');
  if (slash < 0)
    return 'needs a path: "/finance/*" or "host.example.com/*" / 需要路径，如 "/finance/*" 或 "host.example.com/*"';
  const host = text.slice(0, slash).toLowerCase() || undefined;
  if (host !== undefined && !HOST.test(host))
    return 'has no host name in front of its path (no scheme, no port, no *) / 路径前不是主机名（不写协议、端口、*）';
  const below = text.endsWith('/*');
  const path = text.slice(slash, below ? -2 : undefined) || '/';
  if (/[?#]/.test(path)) return 'has a query: only paths are ruled / 含有查询部分，规则只看路径';
  if (path.includes('*')) return 'may have * only at its end, as /* / * 只能以 /* 出现在末尾';
  const normal = normalPath(path);
  if (normal !== path)
    return `is not in normal form${normal === undefined ? '' : `, write ${normal}${below ? '/*' : ''}`} / 不是规范写法${normal === undefined ? '' : `，请写作 ${normal}${below ? '/*' : ''}`}`;
  return { host, path, below };
}

export function shownPattern({ host = '', path, below }: AddressPattern): string {
  return host + (below ? `${path === '/' ? '' : path}/*` : path);
}

/**
 * A path in normal form: percent-encoding of what cannot stand in a URL taken away, no slash at the end.
 *
 * @returns undefined for a path that one program could read in another way than the next: encoded letters, dots, slashes,
 * backslashes or semicolons, `//`, `.` and `..`, `;`, control characters, invalid UTF-8, a blank at an end of a segment
 */
export function normalPath(path: string): string | undefined {
  if (PLAIN.test(path) || path === '/') return path;
  if (!path.startsWith('/') || /[\\;]|%(?:25|2[ef]|3b|5c|[46][1-9a-f]|[57][0-9a]|3[0-9])/i.test(path))
    return undefined;
  const decoded = decodedOnce(path);
  if (decoded === undefined || CONTROL.test(decoded) || decoded.includes('%')) return undefined;
  if (/\/\/|\/\.{1,2}(?:\/|$)/.test(decoded) || BLANK_AT_AN_END.test(decoded)) return undefined;
  return decoded.replace(/(?<=.)\/$/, '');
}

/**
 * Every path that some program on the way could take this one for. A member whom all of their rules let in is let in
 * however it is read.
 *
 * @returns undefined where there is no end to it, for what is no path, and for control characters and invalid UTF-8
 */
export function readingsOf(path: string): readonly string[] | undefined {
  const normal = normalPath(path);
  if (normal !== undefined) return [normal];
  const decodedPath = path.startsWith('/') ? decodedOnce(path) : undefined;
  if (decodedPath === undefined || CONTROL.test(decodedPath)) return undefined;
  const readings = new Set<string>();
  let stage = path;
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings++) {
    for (const text of [stage, stage.replace(/\\/g, '/')]) {
      for (const whole of [text, text.replace(/;[^/]*/g, '')]) {
        readings.add(withoutSlash(whole));
        readings.add(resolved(whole));
        readings.add(resolved(whole.replace(/\/{2,}/g, '/')));
        readings.add(resolved(trimmedSegments(whole)));
      }
    }
    const decoded =
      decodedOnce(stage) ??
      stage.replace(/%([0-7][0-9a-f])/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
    if (decoded === stage) return [...readings];
    stage = decoded;
  }
  return undefined;
}

function decodedOnce(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Dots resolved as in RFC 3986, 5.2.4. */
function resolved(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return withoutSlash(`/${segments.join('/')}`);
}

function trimmedSegments(path: string): string {
  return path
    .split('/')
    .map((segment) => segment.trim())
    .join('/');
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}
