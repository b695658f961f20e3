import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { createAuthority } from '../support/certificates';
import { startConnectProxy } from '../support/connect-proxy';
import { Visitor } from '../support/http-session';
import { untilReady } from '../support/staff';
import { startTlsFront } from '../support/tls-front';

vi.setConfig({ testTimeout: 60_000 });

const CREDENTIALS = 'proxy-user:a-secret-of-the-proxy';
const NAMES = {
  DINGTALK_API_URL: 'https://api.dingtalk.test',
  DINGTALK_OAPI_URL: 'https://oapi.dingtalk.test',
};

let emulator: Emulator;
let front: Awaited<ReturnType<typeof startTlsFront>>;
let roots: string;
let app: App | undefined;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, enforceQps: false });
  const authority = createAuthority();
  front = await startTlsFront({ authority, to: emulator.port, streamHost: 'gateway.dingtalk.test' });
  roots = join(mkdtempSync(join(tmpdir(), 'dingpass-roots-')), 'root.pem');
  writeFileSync(roots, authority.pem);
});
afterEach(() => app?.close());
afterAll(() => Promise.all([front.close(), emulator.close()]));

const active = () => emulator.company.people.find((person) => person.active)!;
async function signIn() {
  const answer = await new Visitor(app!).post('/api/session', {
    code: emulator.control.mintCode(active().userid),
  });
  return { status: answer.status, body: JSON.parse(answer.text) };
}

test('the built app signs in and holds its Stream through a proxy, which is all that it reaches', async () => {
  const proxy = await startConnectProxy({ to: front.port, credentials: CREDENTIALS });
  app = await startApp({
    emulator,
    env: { ...NAMES, HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: roots, DINGTALK_STREAM: 'on' },
  });
  // On a busy machine its first token may be late.
  await untilReady(app);
  expect((await signIn()).status).toBe(200);
  await vi.waitFor(() => expect(app!.output()).toContain('"stream-connected"'), 10_000);
  expect(proxy.asked).toEqual(
    expect.arrayContaining(['oapi.dingtalk.test:443', 'gateway.dingtalk.test:443']),
  );
  await proxy.close();
});

test('a proxy that refuses is named to the operator, who must act; its password is nowhere', async () => {
  const proxy = await startConnectProxy({ to: front.port, credentials: CREDENTIALS });
  const wrong = proxy.url.replace(/\/\/.*@/, '//proxy-user:another-secret-of-the-proxy@');
  app = await startApp({
    emulator,
    env: {
      ...NAMES,
      https_proxy: wrong,
      NODE_EXTRA_CA_CERTS: roots,
      SHOW_OPERATOR_HINTS: 'true',
      DEBUG: '*',
    },
  });
  const { status, body } = await signIn();
  expect(status).toBe(503);
  expect(body.error).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: '钉钉服务暂时无法连接，请稍后重试。已登录的用户不受影响。',
    operator: {
      proxy: new URL(wrong).origin,
      actor: '应用的开发者',
      reason: expect.stringMatching(/^proxy-407$|^circuit-open$/),
    },
  });
  expect(body.error.operator.remedy).toContain('HTTPS_PROXY');
  const basic = Buffer.from('proxy-user:another-secret-of-the-proxy').toString('base64');
  for (const secret of ['another-secret-of-the-proxy', basic]) {
    expect(app.output()).not.toContain(secret);
    expect(JSON.stringify(body)).not.toContain(secret);
  }
  await proxy.close();
});

test('a certificate that nobody knows says what to do about it', async () => {
  const proxy = await startConnectProxy({ to: front.port });
  app = await startApp({ emulator, env: { ...NAMES, HTTPS_PROXY: proxy.url, SHOW_OPERATOR_HINTS: 'true' } });
  const { status, body } = await signIn();
  expect(status).toBe(503);
  expect(body.error.operator.remedy).toContain('NODE_EXTRA_CA_CERTS');
  expect(body.error.operator.actor).toBe('应用的开发者');
  expect(body.error.operator.dingTalkCode).toBeUndefined();
  await proxy.close();
});
