import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeReturnTo } from '../../../lib/http/return-to';

interface Target {
  id: string;
  input: string;
  note: string;
  expect: { decision: 'reject' | 'accept' | 'same-origin'; finalLocation: string | null };
}
const targets: Target[] = JSON.parse(
  readFileSync(new URL('../../corpora/open-redirects.json', import.meta.url), 'utf8'),
).entries;

const ORIGIN = 'https://app.example.com';

/** What the browser does with a `Location`, and with one that somebody glued to the origin. */
function staysHere(location: string): boolean {
  if (!location.startsWith('/') || /^\/[/\\]/.test(location)) return false;
  return [new URL(location, `${ORIGIN}/login?next=x`), new URL(ORIGIN + location)].every(
    (url) => url.origin === ORIGIN && !url.username && !/^\/[/\\]/.test(url.pathname),
  );
}

test.each(targets)('$id $input: $expect.decision ($note)', ({ input, expect: expected }) => {
  const result = safeReturnTo(input);
  expect(staysHere(result)).toBe(true);
  if (expected.decision === 'reject') expect(result).toBe('/');
  if (expected.decision === 'accept') expect(result).toBe(input);
});

test.each([undefined, null, 7, true, {}, [], ['/me'], { toString: () => '/me' }])(
  '%o is no target',
  (value) => {
    expect(safeReturnTo(value)).toBe('/');
  },
);

test.each([
  '/',
  '/me',
  '/me?tab=a%20b&x=%E5%BC%A0',
  '/me?tab=张&q=a+b#part',
  '/staff/张伟',
  '/a/b/c.html?x=//y&z=https://evil.example/',
  `/${'a'.repeat(2047)}`,
  // A slash in a user id.
  '/directory/people/a%2Fb',
  '/directory/people/%E5%BC%A0%2f1?q=1#x',
  '/directory/people/a%252Fb',
  '/directory/people/100%25',
  '/directory/people/a~b%40c.d',
])('%s is kept as it came', (target) => {
  expect(safeReturnTo(target)).toBe(target);
});

test.each([
  `/${'a'.repeat(2048)}`,
  '/login',
  '/LOGIN',
  '/login/',
  '/login?next=/me',
  '/%6cogin',
  '/me/../login',
  '/api/session',
  '/api',
  '/_next/static/x.js',
  '/./api/session',
  '/me%2f..%2flogin',
  '/login%2f../%ff',
  '/me%2F..%2Fapi%2Fsession',
  '/me%252f..%252flogin',
  '/x%2f..%2f%2fevil.example',
  '/x/..%2f%2fevil.example',
  '/%2fevil.example',
  '/a%5cb',
  '/a%255cb',
  '/a%0d%0ab',
  '/a%2500b',
  '/a%25252525252525252fb',
])('%s is nowhere to send a person back to', (target) => {
  expect(safeReturnTo(target)).toBe('/');
});

const hostile = fc.constantFrom(
  ...['/', '\\', '.', '..', '%2f', '%5c', '%252f', '%09', '\t', '\n', '\r', ' ', '@', ':', '?', '#', ';'],
  ...[
    'evil.example',
    'https:',
    'javascript:',
    '\u3000',
    '\uff0f',
    '\u200b',
    '\ud800',
    '\u0000',
    'login',
    'api',
    'a',
  ],
);
const anyTarget = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(hostile, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.array(hostile, { maxLength: 8 }).map((parts) => `/${parts.join('')}`),
  fc.webUrl(),
  fc.webPath(),
);

test('whatever comes in, what comes out is "/" or a path of ours exactly as it came', () => {
  fc.assert(
    fc.property(anyTarget, (target) => {
      const result = safeReturnTo(target);
      expect([target, '/']).toContain(result);
      expect(staysHere(result)).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a header or an address must not have
      expect(result).not.toMatch(/[\u0000-\u001f\u007f]/);
      expect(result.toWellFormed()).toBe(result);
      expect(safeReturnTo(result)).toBe(result);
    }),
    { numRuns: 2000 },
  );
});

test('what went through once more decoding than it should still stays here', () => {
  fc.assert(
    fc.property(anyTarget, (target) => {
      const path = safeReturnTo(target).split(/[?#]/)[0]!;
      let decoded = path;
      try {
        for (let times = 0; times < 3; times++) decoded = decodeURIComponent(decoded);
      } catch {
        return;
      }
      expect(staysHere(decoded)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
