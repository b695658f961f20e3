import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { describeTimes, printFigures, span } from '../support/figures';
import { type Caller, createCaller, pace, type Reply } from '../support/load';

vi.setConfig({ testTimeout: 150_000 });

const TOKEN = '/v1.0/oauth2/accessToken';
const LIFE_SECONDS = 3;
/** From this share of its life on, a token is renewed. */
const RENEWED_AFTER_SECONDS = LIFE_SECONDS * 0.8;

let emulator: Emulator;
let app: App;
let caller: Caller;

beforeEach(async () => {
  emulator = await startEmulator({ members: 300, enforceQps: false });
  app = await startApp({ emulator, env: { TRUSTED_PROXY_HOPS: '1' } });
  caller = createCaller(app, 300);
  await signIn(0);
});
afterEach(async () => {
  caller.close();
  await Promise.all([app.close(), emulator.close()]);
});

/** Everybody comes from an address of their own. */
const signIn = (index: number) =>
  caller.signIn(emulator.control.mintCode(emulator.company.people[0]!.userid), {
    'x-forwarded-for': `10.0.${(index >> 8) & 255}.${index & 255}`,
  });
const fetches = () => emulator.control.calls().byEndpoint[TOKEN] ?? 0;
const failures = (replies: Reply[]) =>
  replies.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`);

/** A token of three seconds: what the app has is forgotten, so that it learns of the short life. */
function shortLife(): void {
  emulator.control.settings({ tokenLifeSeconds: LIFE_SECONDS, latencyMs: 10 });
  emulator.control.revokeTokens();
}

test('R1: sign-ins at 40/s through many lives of the app token: none fails, one fetch for each renewal', async () => {
  const seconds = span(6, 60);
  shortLife();
  const before = fetches();
  const started = performance.now();
  const replies = await pace({ count: seconds * 40, perSecond: 40 }, signIn);
  const took = (performance.now() - started) / 1000;
  const renewals = Math.ceil(took / RENEWED_AFTER_SECONDS) + 1;
  printFigures(`R1 · ${seconds} s at 40 sign-ins a second, a token lives ${LIFE_SECONDS} s`, {
    'sign-ins': replies.length,
    failed: failures(replies).length,
    'token fetches': `${fetches() - before} (allowed ${renewals})`,
    times: describeTimes(replies.map(({ ms }) => ms)),
  });
  expect(failures(replies)).toEqual([]);
  expect(fetches() - before).toBeLessThanOrEqual(renewals);
});

test('R1: and when each token really dies, at once and for all, still none fails', async () => {
  const seconds = span(4, 30);
  emulator.control.settings({ latencyMs: 10 });
  const before = fetches();
  let killed = 0;
  const killer = setInterval(() => {
    emulator.control.revokeTokens();
    killed++;
  }, 1500);
  const replies = await pace({ count: seconds * 40, perSecond: 40 }, signIn);
  clearInterval(killer);
  printFigures(`R1 · ${seconds} s at 40 sign-ins a second, every token is killed after 1.5 s`, {
    failed: failures(replies).length,
    'tokens killed': killed,
    'token fetches': fetches() - before,
    times: describeTimes(replies.map(({ ms }) => ms)),
  });
  expect(failures(replies)).toEqual([]);
  expect(fetches() - before).toBeLessThanOrEqual(killed);
});

test('R2: the token is killed while 200 sign-ins wait: one refresh, none fails, none asks a third time', async () => {
  emulator.control.settings({ latencyMs: 150 });
  const before = emulator.control.calls().byEndpoint;
  const waiting = Promise.all(Array.from({ length: 200 }, (_, index) => signIn(index)));
  await delay(300);
  emulator.control.revokeTokens();
  const replies = await waiting;
  const after = emulator.control.calls().byEndpoint;
  const calls = Object.fromEntries(
    Object.keys(after).map((path) => [path, after[path]! - (before[path] ?? 0)]),
  );
  printFigures('R2 · a token dies with 200 sign-ins waiting', {
    failed: failures(replies).length,
    'token fetches': calls[TOKEN] ?? 0,
    'calls in all': Object.values(calls).reduce((sum, count) => sum + count, 0),
    times: describeTimes(replies.map(({ ms }) => ms)),
  });
  expect(failures(replies)).toEqual([]);
  expect(calls[TOKEN]).toBe(1);
  expect(calls['/topapi/v2/user/getuserinfo']).toBeLessThanOrEqual(400);
  expect(calls['/topapi/v2/user/get']).toBeLessThanOrEqual(400);
});

test('R2: a token that is refused for good is fetched anew once, and says what is wrong', async () => {
  emulator.control.fault({
    endpoint: 'userinfo',
    times: 'always',
    fault: { kind: 'errcode', errcode: 40014 },
  });
  const before = fetches();
  const reply = await signIn(1);
  expect(JSON.parse(reply.text).error.code).toBe('APP_MISCONFIGURED');
  expect(fetches() - before).toBe(1);
});
