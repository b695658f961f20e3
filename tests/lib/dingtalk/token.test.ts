import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { exchangeCode, getMember } from '../../../lib/dingtalk/users';
import { countCalls, createLine, failureOf } from '../../support/dingtalk-client';

let emulator: Emulator;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 220 });
  ({ userid } = emulator.company.people[0]!);
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.control.clearFaults();
  emulator.control.settings({ tokenLifeSeconds: 7200 });
});

/** A line whose token is fetched already. */
async function warmLine(options: Parameters<typeof createLine>[1] = {}) {
  const line = createLine(emulator, options);
  await line.client.warm();
  return line;
}

test('a sign-in with a warm token costs two calls', async () => {
  const { signIn } = await warmLine();
  const calls = countCalls(emulator);
  await signIn(userid);
  expect(calls()).toMatchObject({ token: 0, exchange: 1, detail: 1, total: 2 });
});

test('200 sign-ins at once on a cold start: one token fetch, and each is who they are', async () => {
  const { signIn } = createLine(emulator);
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.message);
  process.on('warning', onWarning);
  const people = emulator.company.people.slice(0, 200);
  const calls = countCalls(emulator);
  const members = await Promise.all(people.map((person) => signIn(person.userid)));
  expect(members.map((member) => [member.userId, member.name])).toEqual(
    people.map((person) => [person.userid, person.name]),
  );
  expect(calls()).toMatchObject({ token: 1, exchange: 200, detail: 200, used: 200, total: 401 });
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('the token is renewed ahead of time, by one call, while the old one serves', async () => {
  emulator.control.settings({ tokenLifeSeconds: 3 });
  const { client } = await warmLine();
  await delay(2450);
  emulator.control.settings({ tokenLifeSeconds: 7200 });
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'delayHeaders', ms: 700 } });
  const calls = countCalls(emulator);
  const started = performance.now();
  await Promise.all([getMember(client, userid), getMember(client, userid)]);
  expect(performance.now() - started).toBeLessThan(500);
  await delay(900);
  await getMember(client, userid);
  expect(calls()).toMatchObject({ token: 1, detail: 3 });
});

test.each([
  ['wrapped in 88', { errcode: 40014, wrapped: true }],
  ['flat 40014', { errcode: 40014, wrapped: false }],
  ['flat 42001', { errcode: 42001, wrapped: false }],
  ['flat 40001', { errcode: 40001, wrapped: false }],
])(
  'a token that DingTalk refuses (%s) is fetched again once, and the call repeated once',
  async (_, code) => {
    const { client } = await warmLine();
    emulator.control.fault({ endpoint: 'userdetail', fault: { kind: 'errcode', ...code } });
    const calls = countCalls(emulator);
    expect(await getMember(client, userid)).toMatchObject({ userId: userid });
    expect(calls()).toMatchObject({ token: 1, detail: 2 });
  },
);

test('a code survives the death of the token: the exchange was turned away before it was read', async () => {
  const { signIn } = await warmLine();
  emulator.control.revokeTokens();
  const calls = countCalls(emulator);
  expect(await signIn(userid)).toMatchObject({ userId: userid });
  expect(calls()).toMatchObject({ token: 1, exchange: 2, detail: 1, used: 1 });
});

test('the token dies while 200 are on their way: one fetch, nobody fails', async () => {
  const { client } = await warmLine();
  const people = emulator.company.people.slice(0, 200);
  const codes = people.map((person) => emulator.control.mintCode(person.userid));
  emulator.control.fault({ endpoint: 'userinfo', fault: { kind: 'revokeTokenNow' } });
  const calls = countCalls(emulator);
  const owners = await Promise.all(codes.map((code) => exchangeCode(client, code)));
  expect(owners.map(({ userId }) => userId)).toEqual(people.map((person) => person.userid));
  expect(calls()).toMatchObject({ token: 1, used: 200 });
  expect(calls().exchange).toBeLessThanOrEqual(400);
});

test('a token that is refused for ever is fetched again once, then the call fails, and no loop begins', async () => {
  const { client } = await warmLine();
  emulator.control.fault({
    endpoint: 'userdetail',
    times: 'always',
    fault: { kind: 'errcode', errcode: 40014 },
  });
  const calls = countCalls(emulator);
  const error = await failureOf(getMember(client, userid));
  expect(error).toMatchObject({ kind: 'rejected', code: '40014', isTokenRefused: true, isTransient: false });
  expect(calls()).toMatchObject({ token: 1, detail: 2 });
});

test('a slow old fetch that ends after a newer one never overwrites its token', async () => {
  emulator.control.settings({ tokenLifeSeconds: 2 });
  const { client, tokens } = await warmLine();
  await delay(1650);
  emulator.control.settings({ tokenLifeSeconds: 7200 });
  // The renewal in the background is held; the token dies; the next fetch brings a newer one before the held one ends.
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'reorderRefresh' } });
  await getMember(client, userid);
  await delay(50);
  emulator.control.revokeTokens();
  expect(await getMember(client, userid)).toMatchObject({ userId: userid });
  await delay(150);
  const calls = countCalls(emulator);
  await getMember(client, userid);
  expect(calls()).toMatchObject({ token: 0, detail: 1 });
  expect(tokens).toHaveLength(3);
});

test('a fetch that fails in passing is tried again by the next caller at once', async () => {
  const { client } = createLine(emulator);
  emulator.control.fault({
    endpoint: 'token',
    times: 2,
    fault: { kind: 'status', status: 503, body: '' },
  });
  expect(await failureOf(client.warm())).toMatchObject({ code: 'http-503', isTransient: true });
  await client.warm();
});

test('wrong credentials are not asked about again for a while', async () => {
  const { client } = createLine(emulator, { clientSecret: 'a-secret-that-nobody-gave-us' });
  const calls = countCalls(emulator);
  const first = await failureOf(client.warm());
  const second = await failureOf(getMember(client, userid));
  expect([first.code, second.code]).toEqual(['invalidClientIdOrSecret', 'invalidClientIdOrSecret']);
  expect(first.isTransient).toBe(false);
  expect(calls()).toMatchObject({ token: 1, detail: 0 });
});

test('a token of a million years is taken, and a life that is no number is not', async () => {
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'patch', set: { expireIn: 1e12 } } });
  await createLine(emulator).client.warm();
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'patch', set: { expireIn: '7200' } } });
  await createLine(emulator).client.warm();
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'patch', set: { expireIn: 'long' } } });
  const error = await failureOf(createLine(emulator).client.warm());
  expect(error).toMatchObject({ kind: 'malformed', code: 'unexpected-shape' });
});

test("DingTalk's clock jumping does not matter: the token is refused, fetched and used", async () => {
  const { signIn } = await warmLine();
  emulator.control.fault({ endpoint: 'userdetail', fault: { kind: 'clockJump', seconds: 10_800 } });
  const calls = countCalls(emulator);
  expect(await signIn(userid)).toMatchObject({ userId: userid });
  expect(calls()).toMatchObject({ token: 1, exchange: 1, detail: 2 });
});
