import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { safeReturnTo } from '../../lib/http/return-to';
import { type App, startApp } from '../support/app';
import { openCorpus } from '../support/corpus';
import { givenCookie, send } from '../support/raw-request';

interface TargetEntry {
  id: string;
  class: string;
  input: string;
  expect: { decision: 'reject' | 'accept' | 'same-origin' };
}

const ORIGIN = 'https://app.example.com';
const NAME = '__Host-dingpass';

let emulator: Emulator;
let app: App;
let cookie: string;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  app = await startApp({ emulator, origin: ORIGIN });
  cookie = `${NAME}=${givenCookie(await signIn(undefined), NAME)}`;
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const corpus = openCorpus<TargetEntry>('open-redirects');

corpus.each(
  ({ class: kind, input }) => `${kind} ${JSON.stringify(input)}`,
  async ({ input, expect: { decision } }) => {
    const said = { function: safeReturnTo(input), page: await fromPage(input), json: await fromJson(input) };
    if (decision === 'reject') expect(said).toEqual({ function: '/', page: '/', json: '/' });
    if (decision === 'accept') expect(said).toEqual({ function: input, page: input, json: input });
    for (const target of Object.values(said)) expectOurs(target);
  },
);

test.each(['/员工?q=张三', '/me?name=%E5%BC%A0&x=é', '/me?q=🦆', '/me?a=1&a=2&b', '/me?next=//evil.example'])(
  '%s comes back unchanged, and Node lets it into a header',
  async (target) => {
    const answer = await page(encodeURIComponent(target));
    expect(answer.status).toBe(307);
    const location = answer.headers.location ?? '';
    expectOurs(location);
    expect(decodeURI(location)).toBe(decodeURI(target));
    expect(await fromJson(target)).toBe(target);
  },
);

test('a target that comes twice, as a list, as an object or not as text at all is none', async () => {
  for (const query of ['next=%2Fme&next=%2F%2Fevil.example', 'next=%2F%2Fevil.example&next=%2Fme']) {
    const answer = await send(app, { path: `/login?${query}`, headers: { cookie } });
    expect(answer.status).toBe(307);
    expectOurs(answer.headers.location ?? '');
  }
  for (const next of [['/me'], { toString: '/me' }, 7, true, null]) {
    expect((await signIn(next)).json.next).toBe('/');
  }
});

test('a target that no parser can read leads home, and never to a 5xx', async () => {
  for (const raw of [
    '%',
    '%zz',
    '%E0%A4%A',
    '%ED%A0%80',
    '%C0%AF%C0%AFevil.example',
    '%00',
    '%F0%9F',
    `/${'a'.repeat(9000)}`,
  ]) {
    const answer = await page(raw);
    expect({ raw: raw.slice(0, 40), status: answer.status }).toEqual({ raw: raw.slice(0, 40), status: 307 });
    expectOurs(answer.headers.location ?? '');
  }
});

test('the address of a page that was asked for without a session leads back to this origin only', async () => {
  const targets = [
    '//evil.example/me',
    '//evil.example/%2e%2e',
    '///evil.example',
    '/\\evil.example',
    '/%5cevil.example',
    '/%2f%2fevil.example',
    '//evil.example/login/',
    '/me/?x=//evil.example',
    '/me//evil.example/',
    '/.//evil.example/',
    '/me?corpid=//evil.example',
    '/me#//evil.example',
    'http://evil.example/me',
    'http://evil.example//evil.example/me/',
    '//evil.example/_next/static/x/',
  ];
  for (const path of targets) {
    const answer = await send(app, { path });
    expect({ path, status: answer.status }).toEqual({ path, status: expect.toSatisfy((s) => s < 500) });
    const { location } = answer.headers;
    if (location !== undefined) expectOurs(location);
    const next = new URLSearchParams(location?.split('?')[1]).get('next');
    if (next !== null) expect(safeReturnTo(next)).toBe(next);
  }
});

corpus.report({ total: 102, applying: 102 });

/** Where the sign-in page sends somebody who is in already. */
async function fromPage(input: string): Promise<string> {
  const answer = await page(encodeLoosely(input));
  expect(answer.status).toBe(307);
  return answer.headers.location ?? '';
}

async function fromJson(input: string): Promise<string> {
  const answer = await signIn(input);
  expect(answer.status).toBe(200);
  return answer.json.next;
}

function page(encodedNext: string) {
  return send(app, { path: `/login?next=${encodedNext}`, headers: { cookie } });
}

function signIn(next: unknown) {
  const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
  return send(app, {
    method: 'POST',
    path: '/api/session',
    headers: { 'content-type': 'application/json', origin: ORIGIN },
    body: JSON.stringify({ code, next }),
  });
}

/** What a browser would make of it stays on this origin, and no reader could take it for another one. */
function expectOurs(location: string): void {
  expect(location).toMatch(/^\/(?![/\\])/);
  expect(location).not.toMatch(/[\p{Cc}]/u);
  const url = new URL(location, ORIGIN);
  expect(url.origin).toBe(ORIGIN);
  expect(url.pathname).not.toMatch(/^\/\//);
}

/** A lone surrogate has no encoding; somebody who means harm sends the bytes that it would have. */
function encodeLoosely(input: string): string {
  return Array.from(input, (character) =>
    /\p{Cs}/u.test(character) ? '%ED%A0%80' : encodeURIComponent(character),
  ).join('');
}
