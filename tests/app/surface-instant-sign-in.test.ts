import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { safeReturnTo } from '../../lib/http/return-to';
import { type App, startApp } from '../support/app';
import { CLIENTS } from '../support/client';
import { openCorpus } from '../support/corpus';
import { send, type WireAnswer } from '../support/raw-request';

const ORIGIN = 'https://app.example.com';
const PHONE = { 'user-agent': CLIENTS.android, accept: 'text/html' };

let emulator: Emulator;
let app: App;

beforeAll(async () => {
  emulator = await startEmulator();
  app = await startApp({ emulator, origin: ORIGIN });
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const corpus = openCorpus<{ id: string; class: string; input: string }>('open-redirects');

corpus.each(
  ({ class: kind, input }) => `${kind} ${JSON.stringify(input)} as an address, and in every part of one`,
  async ({ input }) => {
    const sent = asSent(input);
    const query = asSent(input, encodeURIComponent);
    for (const path of [
      sent,
      `/${sent}`,
      `/me?next=${query}`,
      `/me?corpid=${query}`,
      `/me?${sent}`,
      `/login/instant?next=${query}`,
    ]) {
      expectOurs(path, await send(app, { path, headers: PHONE }));
    }
    const headers = { ...PHONE, 'x-dingpass-target': sent };
    expectOurs(sent, await send(app, { path: '/me', headers }));
  },
);

test('the instant sign-in knows the address that was opened, whatever a client claims that it is', async () => {
  const headers = { ...PHONE, 'x-dingpass-target': '//evil.example' };
  const { next } = placesIn(await send(app, { path: '/me?a=1', headers }));
  expect(next).toBe('/me?a=1');
});

corpus.report({ total: 102, applying: 102 });

/** An entry as a client that means harm would send it in its first line: what cannot stand there is encoded. */
function asSent(input: string, encode = (character: string) => character): string {
  return Array.from(input, (character) => {
    if (/\p{Cs}/u.test(character)) return '%ED%A0%80';
    return /[^\x21-\x7e]/.test(character) ? encodeURIComponent(character) : encode(character);
  }).join('');
}

/** Wherever the answer leads, at once or by its script, is on this origin. */
function expectOurs(asked: string, answer: WireAnswer): void {
  expect({ asked, status: answer.status }).toEqual({
    asked,
    status: expect.toSatisfy((s) => s > 0 && s < 500),
  });
  const refresh = /url=(.*)/.exec(String(answer.headers.refresh ?? ''))?.[1];
  const { next = '/' } = placesIn(answer);
  expect({ asked, next: safeReturnTo(next) }).toEqual({ asked, next });
  for (const place of [answer.headers.location, refresh, ...Object.values(placesIn(answer))]) {
    if (place === undefined) continue;
    expect({ asked, place }).toEqual({ asked, place: expect.stringMatching(/^\/(?![/\\])[\x21-\x7e]*$/) });
    expect({ asked, place, origin: new URL(place, ORIGIN).origin }).toEqual({ asked, place, origin: ORIGIN });
  }
}

/** Where the script of the instant sign-in, the link in it, and a browser without scripts would go. */
function placesIn({
  text,
}: WireAnswer): Record<'next' | 'loginPage' | 'link' | 'refresh', string | undefined> {
  const found = (pattern: RegExp) => {
    const [, place] = pattern.exec(text) ?? [];
    return place?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
  };
  return {
    next: found(/data-next="([^"]*)"/),
    loginPage: found(/data-login-page="([^"]*)"/),
    link: found(/<a class="late" href="([^"]*)"/),
    refresh: found(/content="0;url=([^"]*)"/),
  };
}
