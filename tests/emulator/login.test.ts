import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, postJson, type Reply, request, topapi } from './dingtalk-calls';

const redirectUri = 'http://127.0.0.1:3999/api/oauth/callback';
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ appUrl: 'http://127.0.0.1:3999', enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const first = () => emulator.company.people[0]!;

function authorize(change: Record<string, string | undefined> = {}, step = ''): Promise<Reply> {
  const parameters: Record<string, string | undefined> = {
    client_id: emulator.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid corpid',
    prompt: 'consent',
    state: 'st/ate+&=%20é',
    ...change,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return request(`${emulator.url}/oauth2/auth${step}?${query}`);
}

async function loginAs(account: string, change: Record<string, string> = {}): Promise<URL> {
  const reply = await authorize({ account, ...change }, '/choose');
  expect(reply.status).toBe(302);
  return new URL(reply.headers.get('location')!);
}

const exchange = (body: object) =>
  postJson(`${emulator.url}/v1.0/oauth2/userAccessToken`, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    grantType: 'authorization_code',
    ...body,
  });
const profile = (token: string, who = 'me') =>
  request(`${emulator.url}/v1.0/contact/users/${who}`, { headers: { 'x-acs-dingtalk-access-token': token } });

test('the login page lists members, outsiders and a way to refuse, and needs no other host', async () => {
  const { status, headers, text } = await authorize();
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/html;charset=utf-8');
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'nonce-[^']+'/);
  expect(text).toContain(`data-account="${first().userid}"`);
  for (const { id } of emulator.company.outsiders) expect(text).toContain(`data-account="${id}"`);
  expect(text).toContain('href="/oauth2/auth/refuse?');
  expect(text).not.toMatch(/(src|href|action)="(https?:)?\/\//);
  expect(text).not.toContain('<script');
});

test('odd names do not break the page', async () => {
  const { text } = await authorize({ q: '<b>王' });
  expect(text).toContain('&lt;b&gt;王加粗&lt;/b&gt;');
  expect(text).not.toContain('<b>王加粗</b>');
  expect(text.match(/data-account=/g)).toHaveLength(1 + emulator.company.outsiders.length);
});

test('the links of the page carry the request on, and choosing redirects with code, authCode and state', async () => {
  const { text } = await authorize();
  const href = new RegExp(`href="([^"]+)" data-account="${first().userid}"`).exec(text)![1]!;
  const reply = await request(emulator.url + href.replaceAll('&amp;', '&'));
  expect(reply.status).toBe(302);
  const location = new URL(reply.headers.get('location')!);
  expect(location.origin + location.pathname).toBe(redirectUri);
  expect([...location.searchParams.keys()]).toEqual(['code', 'authCode', 'state']);
  expect(location.searchParams.get('code')).toBe(location.searchParams.get('authCode'));
  expect(location.searchParams.get('state')).toBe('st/ate+&=%20é');
});

test('refusing redirects with an error and the state', async () => {
  const reply = await authorize({}, '/refuse');
  const location = new URL(reply.headers.get('location')!);
  expect(Object.fromEntries(location.searchParams)).toEqual({
    error: 'access_denied',
    state: 'st/ate+&=%20é',
  });
});

test('a request without state is answered without state', async () => {
  const location = new URL((await authorize({ state: undefined }, '/refuse')).headers.get('location')!);
  expect(location.search).toBe('?error=access_denied');
});

test('the answer can be only authCode or only code', async () => {
  for (const oauthParameters of ['authCode', 'code'] as const) {
    emulator.control.settings({ oauthParameters });
    const { searchParams } = await loginAs(first().userid);
    expect([...searchParams.keys()]).toEqual([oauthParameters, 'state']);
  }
});

test.each([
  ['client_id', 'dingsomebodyelse'],
  ['client_id', undefined],
  ['redirect_uri', `${redirectUri}/`],
  ['redirect_uri', `${redirectUri}?x=1`],
  ['redirect_uri', 'http://127.0.0.1:3999.evil.example/api/oauth/callback'],
  ['redirect_uri', undefined],
  ['response_type', 'token'],
  ['response_type', undefined],
  ['scope', 'corpid'],
  ['scope', undefined],
  ['prompt', 'none'],
  ['prompt', undefined],
])('a wrong %s (%s) is a page, never a redirect', async (name, value) => {
  for (const step of ['', '/choose', '/refuse']) {
    const reply = await authorize({ [name]: value, account: first().userid }, step);
    expect(reply.status).toBe(400);
    expect(reply.headers.get('location')).toBeNull();
    expect(reply.text).toContain('role="alert"');
  }
});

test('a company can be asked for, and others are turned away', async () => {
  const { corpId } = emulator;
  expect((await loginAs(first().userid, { corpId })).searchParams.get('code')).toBeTruthy();
  expect((await authorize({ account: 'stranger', corpId }, '/choose')).status).toBe(403);
  expect((await authorize({ scope: 'openid', corpId })).status).toBe(400);
});

test('a code becomes a token, and the token a profile without a userid', async () => {
  const code = (await loginAs(first().userid)).searchParams.get('authCode');
  const pair = await exchange({ code });
  expect(pair.json).toEqual({
    accessToken: expect.any(String),
    refreshToken: expect.any(String),
    expireIn: 7200,
    corpId: emulator.corpId,
  });
  const { json } = await profile(pair.json.accessToken);
  expect(json).toMatchObject({
    nick: first().name,
    unionId: first().unionid,
    openId: expect.any(String),
    mobile: first().mobile,
    stateCode: '86',
  });
  expect(JSON.stringify(json)).not.toContain(`"${first().userid}"`);
  const found = await topapi(emulator, '/topapi/user/getbyunionid', { unionid: json.unionId });
  expect(found.json.result).toEqual({ contact_type: 0, userid: first().userid });
});

test('corpId is told only when the scope asked for it', async () => {
  const code = (await loginAs(first().userid, { scope: 'openid' })).searchParams.get('code');
  expect((await exchange({ code })).json).not.toHaveProperty('corpId');
});

test('the company of the login is told, not that of the app', async () => {
  for (const account of ['other-company', 'two-companies']) {
    const code = (await loginAs(account)).searchParams.get('code');
    expect((await exchange({ code })).json.corpId).toBe('dingemulator0002corp');
  }
});

test('an OAuth code works once, lives five minutes and is no 免登 code', async () => {
  const notFound = {
    status: 400,
    json: { code: 'invalidParameter.authCode.notFound', message: '不合法的临时授权码' },
  };
  const code = (await loginAs(first().userid)).searchParams.get('code')!;
  expect((await topapi(emulator, '/topapi/v2/user/getuserinfo', { code })).json.errcode).toBe(40078);
  expect((await exchange({ code })).status).toBe(200);
  expect(await exchange({ code })).toMatchObject(notFound);
  const late = (await loginAs(first().userid)).searchParams.get('code')!;
  emulator.control.advanceClock(300_000);
  expect(await exchange({ code: late })).toMatchObject(notFound);
  const jsapi = emulator.control.mintCode(first().userid);
  expect(await exchange({ code: jsapi })).toMatchObject(notFound);
});

test('a refresh token renews once, for thirty days', async () => {
  const code = emulator.control.mintCode(first().userid, { kind: 'oauth' });
  const { refreshToken } = (await exchange({ code })).json;
  const renew = (token: string) => exchange({ grantType: 'refresh_token', refreshToken: token });
  const renewed = await renew(refreshToken);
  expect((await profile(renewed.json.accessToken)).json.unionId).toBe(first().unionid);
  expect((await renew(refreshToken)).json.code).toBe('invalidParameter.authCode.notFound');
  emulator.control.advanceClock(30 * 86_400_000);
  expect((await renew(renewed.json.refreshToken)).json.code).toBe('invalidParameter.authCode.notFound');
});

test('userAccessToken refuses wrong clients, wrong names and forms', async () => {
  expect(await exchange({ clientSecret: 'x', code: 'x' })).toMatchObject({
    status: 400,
    json: { code: 'invalidClientIdOrSecret' },
  });
  const snake = await postJson(`${emulator.url}/v1.0/oauth2/userAccessToken`, { client_id: 'x' });
  expect(snake).toMatchObject({ status: 400, json: { code: 'MissingclientId' } });
  expect((await exchange({ grantType: 'password' })).json.code).toBe('unsupported.grant.type');
  expect((await exchange({})).json.code).toBe('Missingcode');
  emulator.control.settings({ permissions: [] });
  expect((await exchange({ code: 'x' })).status).toBe(403);
});

test('a profile needs a live user token and its permission points', async () => {
  const code = emulator.control.mintCode(first().userid, { kind: 'oauth' });
  const { accessToken } = (await exchange({ code })).json;
  expect((await profile('nonsense')).json.code).toBe('InvalidAuthentication');
  expect(await profile(await fetchToken(emulator))).toMatchObject({
    status: 400,
    json: { code: 'InvalidAuthentication' },
  });
  expect(await profile(accessToken, 'somebody')).toMatchObject({
    status: 404,
    json: { code: 'invalidParameter.user.notFound' },
  });
  emulator.control.settings({ permissions: ['Contact.User.Read'] });
  expect((await profile(accessToken)).json).not.toHaveProperty('mobile');
  emulator.control.settings({ permissions: [] });
  // The permission point is judged first, whoever's token it is.
  for (const token of [accessToken, await fetchToken(emulator)])
    expect(await profile(token)).toMatchObject({
      status: 403,
      json: {
        code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
        accessdenieddetail: { requiredScopes: ['Contact.User.Read'] },
      },
    });
  emulator.control.settings({ permissions: ['Contact.User.Read'] });
  emulator.control.advanceClock(7_200_000);
  expect((await profile(accessToken)).json.code).toBe('accesstoken.expired');
});

test('what a profile has no value for is absent from it', async () => {
  const bare = emulator.company.people.find(({ hasAvatar }) => !hasAvatar)!;
  const code = emulator.control.mintCode(bare.userid, { kind: 'oauth' });
  const { json } = await profile((await exchange({ code })).json.accessToken);
  expect(Object.keys(json).sort()).toEqual(['mobile', 'nick', 'openId', 'stateCode', 'unionId', 'visitor']);
});

test("a user token is refused where the app's token is wanted", async () => {
  const code = emulator.control.mintCode(first().userid, { kind: 'oauth' });
  const { accessToken } = (await exchange({ code })).json;
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, accessToken)).json.sub_code).toBe('40014');
});

test('outsiders can have a mailbox that looks like ours', async () => {
  const code = emulator.control.mintCode('stranger', { kind: 'oauth' });
  const { json } = await profile((await exchange({ code })).json.accessToken);
  expect(json.email).toBe(first().email);
  expect((await topapi(emulator, '/topapi/user/getbyunionid', { unionid: json.unionId })).json.errcode).toBe(
    60121,
  );
});

test('the requests of Logto’s connector: its scope, what it sends, and all that it reads', async () => {
  const person = emulator.company.people.find(({ active, mobile }) => active && mobile)!;
  const { searchParams } = await loginAs(person.userid, { scope: 'openid' });
  const headers = { 'user-agent': 'got (https://github.com/sindresorhus/got)' };
  const token = await exchange({ code: searchParams.get('code') });
  expect(token.json).toMatchObject({ accessToken: expect.any(String), expireIn: expect.any(Number) });
  const me = await request(`${emulator.url}/v1.0/contact/users/me`, {
    headers: { ...headers, 'x-acs-dingtalk-access-token': token.json.accessToken },
  });
  const { nick, unionId, mobile, stateCode } = me.json;
  expect([nick, unionId, `${stateCode}${mobile}`]).toEqual([
    person.name,
    person.unionid,
    `86${person.mobile}`,
  ]);
});

test('the requests of @alicloud/dingtalk: chunked bodies, a refresh, and errors that name themselves', async () => {
  const post = async (path: string, body: object, token?: string) => {
    const text = new TextEncoder().encode(JSON.stringify(body));
    const chunked = new ReadableStream({
      start: (controller) => {
        controller.enqueue(text);
        controller.close();
      },
    });
    const headers: Record<string, string> = {
      accept: 'application/json',
      'content-type': 'application/json; charset=utf-8',
    };
    if (token) headers['x-acs-dingtalk-access-token'] = token;
    return request(`${emulator.url}${path}`, {
      method: 'POST',
      headers,
      body: chunked,
      duplex: 'half',
    } as RequestInit);
  };
  const { clientId, clientSecret } = emulator;
  const app = await post('/v1.0/oauth2/accessToken', { appKey: clientId, appSecret: clientSecret });
  expect(app.json).toEqual({ accessToken: expect.any(String), expireIn: expect.any(Number) });
  const code = emulator.control.mintCode(first().userid, { kind: 'oauth' });
  const asked = { clientId, clientSecret, code, grantType: 'authorization_code' };
  const { refreshToken } = (await post('/v1.0/oauth2/userAccessToken', asked)).json;
  const again = { clientId, clientSecret, refreshToken, grantType: 'refresh_token' };
  const renewed = await post('/v1.0/oauth2/userAccessToken', again);
  expect((await profile(renewed.json.accessToken)).json.unionId).toBe(first().unionid);
  const spent = await post('/v1.0/oauth2/userAccessToken', asked);
  expect([spent.status, spent.json.code]).toEqual([400, 'invalidParameter.authCode.notFound']);
  const ticket = await request(`${emulator.url}/v1.0/oauth2/jsapiTickets`, {
    method: 'POST',
    headers: { accept: 'application/json', 'x-acs-dingtalk-access-token': app.json.accessToken },
  });
  expect(ticket.json).toEqual({ jsapiTicket: expect.any(String), expireIn: expect.any(Number) });
});
