import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';

const TICKETS = '/v1.0/oauth2/jsapiTickets';

let emulator: Emulator;
let app: App;
let member: Visitor;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  app = await startApp({ emulator, env: { DINGTALK_AGENT_ID: emulator.agentId } });
  member = await signedIn(app, emulator, emulator.company.people[0]!.userid);
});
afterAll(async () => {
  await app.close();
  await emulator.close();
});
beforeEach(() => emulator.control.clearFaults());

const ask = (href: string, visitor = member) =>
  visitor.ask(`/api/jsapi/signature?url=${encodeURIComponent(href)}`);
const fetched = () => emulator.control.calls().byEndpoint[TICKETS] ?? 0;

/** What DingTalk says of the page when a client shows it. */
function verdictOf(parameters: object, url: string) {
  return emulator.control.judgeConfig({ parameters: { ...parameters, jsApiList: ['biz.util.scan'] }, url });
}

test('a hundred signatures at once on a cold start: one ticket, and DingTalk accepts each page', async () => {
  const hrefs = Array.from({ length: 100 }, (_, at) => `${app.origin}/canteen/${at}?q=%E5%BC%A0+${at}`);
  const answers = await Promise.all(hrefs.map((href) => ask(href)));
  for (const [at, { status, json }] of answers.entries()) {
    expect(status).toBe(200);
    expect(verdictOf(json, hrefs[at]!)).toMatchObject({ digest: 'sha256' });
  }
  expect(fetched()).toBe(1);
});

test('the answer is for this member’s client only: no shared cache keeps it', async () => {
  const { json, headers } = await ask(`${app.origin}/`);
  expect(headers.get('cache-control')).toContain('no-store');
  expect(Object.keys(json).sort()).toEqual(
    ['agentId', 'corpId', 'nonceStr', 'signature', 'signedUrl', 'timeStamp'].sort(),
  );
});

test('two signatures of one page do not share a nonce', async () => {
  const [one, other] = await Promise.all([ask(`${app.origin}/`), ask(`${app.origin}/`)]);
  expect(one.json.nonceStr).not.toBe(other.json.nonceStr);
});

test('a stranger gets none', async () => {
  expect((await ask(`${app.origin}/`, new Visitor(app))).status).toBe(401);
});

test.each([
  ['another site', () => 'https://evil.example/'],
  ['a host that begins like ours', () => `${app.origin}.evil.example/`],
  ['a port that begins like ours', () => `${app.origin}0/`],
  ['ours as a user name', () => `${app.origin}@evil.example/`],
  ['no path', () => app.origin],
  ['a query without a path', () => `${app.origin}?x=1`],
  ['another scheme', () => `${app.origin.replace('http', 'ftp')}/`],
  ['upper case', () => `${app.origin.toUpperCase()}/`],
  ['a path alone', () => '/canteen'],
  ['a blank', () => `${app.origin}/a b`],
  ['a line feed', () => `${app.origin}/a\nb`],
  ['a backslash', () => `${app.origin}/\\evil.example`],
  ['too long', () => `${app.origin}/${'x'.repeat(5000)}`],
  ['nothing', () => ''],
])('%s is not signed', async (_, href) => {
  const { status, json } = await ask(href());
  expect([status, json.error.code]).toEqual([400, 'BAD_REQUEST']);
});

test('without a url nothing is signed', async () => {
  expect((await member.ask('/api/jsapi/signature')).status).toBe(400);
});

test('it is read, not posted', async () => {
  expect((await member.post('/api/jsapi/signature', {})).status).toBe(405);
});

test('the ticket is nowhere in the log', async () => {
  const { jsapiTicket } = await fetch(emulator.url + TICKETS, {
    method: 'POST',
    headers: { 'x-acs-dingtalk-access-token': await tokenOf(emulator) },
  }).then((answer) => answer.json());
  expect(jsapiTicket.length).toBeGreaterThan(20);
  expect(app.output()).not.toContain(jsapiTicket);
});

async function tokenOf({ url, clientId, clientSecret }: Emulator): Promise<string> {
  const answer = await fetch(`${url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: clientId, appSecret: clientSecret }),
  });
  return (await answer.json()).accessToken;
}
