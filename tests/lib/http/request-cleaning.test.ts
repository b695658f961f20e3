import { expect, test } from 'vitest';
import { cleanHeaders, cleanTarget } from '@/lib/http/request-cleaning';
import { boundedCookieHeader, readCookies } from '@/lib/session/cookie';

const LENGTH = 15_000;
const FILLS = [
  ' ',
  '\t',
  ';',
  '=',
  '%',
  '"',
  ' ;',
  '; ',
  '\t=',
  'a=;',
  'a;',
  '=;',
  'a b ',
  '%25',
  '[',
  '/',
  '.',
  '&',
  '&a',
];
const filled = FILLS.map((fill) => fill.repeat(LENGTH / fill.length));

test.each(filled)('fifteen kilobytes of anything are read at once (%#)', (fill) => {
  const flows = Array.from({ length: 300 }, (_, at) => `dingpass-flow-${at}=`).join(';');
  // Processor time: on a busy machine the clock counts what others do.
  const began = process.cpuUsage();
  for (const header of [`dingpass=a${fill}b`, `${flows};x=a${fill}b`, fill, `a${fill}`]) {
    readCookies(header);
    boundedCookieHeader(header, 'dingpass');
    cleanTarget(`/${header}`);
    cleanTarget(`/?${header}`);
    cleanTarget(`/api/${header}`);
    cleanHeaders({ cookie: header, 'next-router-state-tree': header }, 'dingpass');
  }
  const { user, system } = process.cpuUsage(began);
  // A quadratic step takes hundreds of milliseconds.
  expect((user + system) / 1000).toBeLessThan(100);
});

test('cookies of ours go on as they were sent, and well-formed ones of pages of one’s own', () => {
  const header = 'theme=dark; dingpass=a.Fe26.2*x~2; lang=%E4%B8%AD; dingpass-flow-1=y; dingpass=second';
  const kept = readCookies(boundedCookieHeader(header, 'dingpass'));
  expect(Object.fromEntries(kept)).toEqual({
    theme: ['dark'],
    lang: ['%E4%B8%AD'],
    dingpass: ['a.Fe26.2*x~2', 'second'],
    'dingpass-flow-1': ['y'],
  });
});

test.each(['a b=1', 'x=a b', 'x="\xe9"', 'x=\x7f', '=x', 'x', ';;;', ' '])('%j goes no further', (header) => {
  expect(boundedCookieHeader(header, 'dingpass')).toBe('');
});

test('the number and the length of what goes on are bounded, and the newest of ours are kept', () => {
  const many = Array.from({ length: 1000 }, (_, at) => `c${at}=1`).join('; ');
  expect(readCookies(boundedCookieHeader(many, 'dingpass')).size).toBe(64);
  expect(boundedCookieHeader(`x=${'a'.repeat(14_000)}; y=1`, 'dingpass')).toBe('y=1');
  const flows = Array.from({ length: 300 }, (_, at) => `dingpass-flow-${at}=1`).join('; ');
  const kept = readCookies(boundedCookieHeader(flows, 'dingpass'));
  expect([kept.size, kept.has('dingpass-flow-299'), kept.has('dingpass-flow-0')]).toEqual([64, true, false]);
  const long = boundedCookieHeader(`dingpass=${'a'.repeat(14_000)}`, 'dingpass');
  expect(long.length).toBeGreaterThan(4096);
  expect(long.length).toBeLessThan(4200);
});

test.each([
  ['/api/oauth/callback/?code=a', '/api/oauth/callback?code=a'],
  ['//api/oauth/callback?code=a//b/', '/api/oauth/callback?code=a//b/'],
  ['/api//dingtalk///events//', '/api/dingtalk/events'],
  ['/api/', '/api'],
  ['http://evil.example/api/session/', '/api/session'],
  ['http://evil.example//api/session/', '/api/session'],
  // No page: Next redirects to the address without, on this origin.
  ['//evil.example/api', '//evil.example/api'],
  ['/me/', '/me/'],
  ['//me', '//me'],
  ['/apiary//x/', '/apiary//x/'],
  ['/%', '/%25'],
  ['*', '/'],
  [undefined, '/'],
])('%s is taken as %s', (target, clean) => {
  expect(cleanTarget(target)).toBe(clean);
});

test('a hundred parameters are enough', () => {
  const query = (count: number) => `/login?${Array.from({ length: count }, (_, at) => `p${at}=1`).join('&')}`;
  expect(cleanTarget(query(100))).toBe(query(100));
  expect(cleanTarget(query(101))).toBeUndefined();
  expect(cleanTarget(`/?${'&'.repeat(15_000)}`)).toBeUndefined();
});

const STATE = ['', { children: ['(internal)', { children: ['__PAGE__', {}, null, null] }, null, null, 16] }];

test('what Next’s router says of its page goes on; anything else is as if it had not been sent', () => {
  const kept = (state: string) => {
    const headers = { 'next-router-state-tree': state };
    cleanHeaders(headers, 'dingpass');
    return headers['next-router-state-tree'] !== undefined;
  };
  const sent = (state: unknown) => encodeURIComponent(JSON.stringify(state));
  expect(kept(sent(STATE))).toBe(true);
  expect(kept(sent([['slug', 'a', 'd', null], {}, ['/a', '/a'], 'refetch', 1, 'key']))).toBe(true);
  const deep = `${'["",{"a":'.repeat(60)}["",{}]${'}]'.repeat(60)}`;
  const malformed = ['x', '', '%', '[]', '{}', '["",[]]', '[1,{}]', '["",{},1]', deep, sent(['', { a: 1 }])];
  for (const state of malformed) expect({ state, kept: kept(state) }).toEqual({ state, kept: false });
  expect(kept(sent(['x'.repeat(5000), {}]))).toBe(false);
});

test.each([
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, false],
  [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, false],
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, true],
  [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, true],
  [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, true],
  [{}, true],
])('another site’s page that loads something from here is nobody: %j', (sent, isKept) => {
  const headers = { ...sent, cookie: 'dingpass=x' } as Record<string, string>;
  cleanHeaders(headers, 'dingpass');
  expect(headers.cookie).toBe(isKept ? 'dingpass=x' : undefined);
});
