import 'server-only';

export interface CookieSettings {
  publicOrigin: string;
  sessionSameSite: 'lax' | 'none';
}

export interface Cookies {
  /** The full name of one of our cookies. */
  nameOf(name: string): string;
  /** Every value under exactly this full name, as sent: nothing is decoded or taken from a similar name. */
  valuesOf(header: string | null | undefined, fullName: string): string[];
  /** Full names in a `Cookie` header that begin with this one. */
  namesIn(header: string | null | undefined, prefix: string): string[];
  /** A `Set-Cookie` value. */
  set(fullName: string, value: string, maxAgeSeconds: number): string;
  clear(fullName: string): string;
}

/**
 * How cookies of this deployment are named and marked. On https they are `__Host-` and Secure, so that no sibling
 * site can plant one; Safari keeps no Secure cookie on http://localhost, so there they are neither.
 */
export function createCookies({ publicOrigin, sessionSameSite }: CookieSettings): Cookies {
  const secure = publicOrigin.startsWith('https:');
  const sameSite = { lax: 'Lax', none: 'None' }[sessionSameSite];
  const flags = `Path=/; HttpOnly; ${secure ? 'Secure; ' : ''}SameSite=${sameSite}`;
  const set = (name: string, value: string, maxAge: number) =>
    `${name}=${value}; Max-Age=${maxAge}; ${flags}`;
  return {
    nameOf: (name) => (secure ? `__Host-${name}` : name),
    valuesOf: (header, fullName) =>
      pairsOf(header)
        .filter(([name]) => name === fullName)
        .map(([, value]) => value),
    namesIn: (header, prefix) =>
      pairsOf(header)
        .map(([name]) => name)
        .filter((name) => name.startsWith(prefix)),
    set,
    clear: (name) => set(name, '', 0),
  };
}

function pairsOf(header: string | null | undefined): [name: string, value: string][] {
  return (header ?? '').split(';').map((pair) => {
    const text = pair.replace(/^[ \t]+|[ \t]+$/g, '');
    const equals = text.indexOf('=');
    return equals < 0 ? ['', text] : [text.slice(0, equals), text.slice(equals + 1)];
  });
}
