import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';

const WIKI = { clientId: 'dingwikiapp00key1', clientSecret: 'wiki-secret-that-opens-nothing' };
let emulator: Emulator;
let userid: string;
let main: { clientId: string; clientSecret: string };

beforeAll(async () => {
  emulator = await startEmulator({
    members: 5,
    departments: 1,
    protectedHosts: [
      { host: 'wiki.localhost', name: '知识库', app: WIKI },
      { host: 'team.localhost', name: '团队' },
    ],
  });
  userid = emulator.company.people[0]!.userid;
  main = emulator;
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

async function post(path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(emulator.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, unknown>;
}

async function tokenOf({ clientId, clientSecret }: typeof main): Promise<string> {
  const answer = await post('/v1.0/oauth2/accessToken', { appKey: clientId, appSecret: clientSecret });
  return String(answer.accessToken);
}

const trade = async (code: unknown, app: typeof main) =>
  post(`/topapi/v2/user/getuserinfo?access_token=${await tokenOf(app)}`, { code });

/** As the client gives it to a page. */
const codeFor = (host: string, clientId?: string) => {
  const url = `http://${host.replace(/^(wiki|team)\.localhost$/, `$&:${emulator.port}`)}/page`;
  return post('/__emulator/jsapi/code', { userid, corpId: emulator.corpId, clientId, url });
};

test('each app has a token of its own, good for the APIs until it is revoked', async () => {
  const [one, other] = [await tokenOf(main), await tokenOf(WIKI)];
  expect(other).not.toBe(one);
  expect(await tokenOf(WIKI)).toBe(other);
  for (const token of [one, other])
    expect(await post(`/topapi/v2/user/get?access_token=${token}`, { userid })).toMatchObject({
      errcode: 0,
    });
  expect(await tokenOf({ ...WIKI, clientSecret: main.clientSecret })).toBe('undefined');
});

test('a code is traded with the token of its own app only, and the wrong try does not use it up', async () => {
  const { code } = await codeFor('wiki.localhost', WIKI.clientId);
  expect(await trade(code, main)).toMatchObject({ errcode: 40078 });
  expect(await trade(code, WIKI)).toMatchObject({ errcode: 0, result: { userid } });
  expect(await trade(code, WIKI)).toMatchObject({ errcode: 40078 });
  const own = await codeFor('localhost', main.clientId);
  expect(await trade(own.code, WIKI)).toMatchObject({ errcode: 40078 });
  expect(await trade(own.code, main)).toMatchObject({ errcode: 0 });
});

test('the older call, which names no app, gets a code of the app that has the page’s host', async () => {
  const { code } = await codeFor('wiki.localhost');
  expect(await trade(code, WIKI)).toMatchObject({ errcode: 0 });
});

test.each([
  ['a host of no app', 'team.localhost', undefined],
  ['a host of no app, for the main app', 'team.localhost', 'main'],
  ['a host of another app, for the main app', 'wiki.localhost', 'main'],
  ['the main app’s page, for another app', 'localhost', WIKI.clientId],
])('no code for %s', async (_, host, clientId) => {
  const answer = await codeFor(host, clientId === 'main' ? main.clientId : clientId);
  expect(answer).toEqual({ errorCode: '3', errorMessage: '对应企业没有某域名微应用' });
  expect(emulator.control.calls().codes.minted).toBe(0);
});

test('no code for a host that the client refuses, until it is known again', async () => {
  emulator.control.settings({ refusedHosts: [`wiki.localhost:${emulator.port}`] });
  expect(await codeFor('wiki.localhost', WIKI.clientId)).toHaveProperty('errorCode');
  emulator.control.settings({ refusedHosts: [] });
  expect(await codeFor('wiki.localhost', WIKI.clientId)).toHaveProperty('code');
});
