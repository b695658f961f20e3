import { afterEach, expect, test, vi } from 'vitest';
import { startEmulator } from '../../emulator/server';
import { SESSION_SECRET } from '../support/app';
import { Visitor } from '../support/http-session';
import { startInProcess } from '../support/in-process-app';

const AES_KEY = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ';
const SECRET = 'a-client-secret+with/signs=';
const HOST_APP_SECRET = 'secret-of-a-host-app';
const PROXY_SECRET = 'proxy-secret-of-more-than-32-characters';
const DATABASE_PASSWORD = 'of the database: p@ss/word%';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** The log of a process with these settings: what one process has learned stays with it. */
async function logWith(callbackToken: string) {
  for (const key of Object.getOwnPropertySymbols(globalThis)) {
    if (/dingpass/.test(String(key))) delete (globalThis as Record<symbol, unknown>)[key];
  }
  const env = {
    DINGTALK_CORP_ID: 'dingexample',
    DINGTALK_CLIENT_ID: 'dingexampleclient',
    DINGTALK_CLIENT_SECRET: SECRET,
    PUBLIC_ORIGIN: 'http://localhost:3000',
    SESSION_KEYS: `a:${SESSION_SECRET}`,
    DINGTALK_CALLBACK_TOKEN: callbackToken,
    DINGTALK_CALLBACK_AES_KEY: AES_KEY,
    GATE_LISTEN: '127.0.0.1:4180',
    GATE_HOSTS: 'wiki.example.com',
    GATE_APPS: `wiki.example.com=dinghost:${HOST_APP_SECRET}`,
    GATE_PROXY_SECRET: PROXY_SECRET,
    DATABASE_URL: `postgres://dingpass:${encodeURIComponent(DATABASE_PASSWORD)}@db.example.com/dingpass`,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return import('../../lib/log');
}

test('every secret among the settings is kept out of what is written, in each of its spellings', async () => {
  const { withoutSecrets } = await logWith('CallbackToken01');
  for (const secret of [
    SECRET,
    encodeURIComponent(SECRET),
    SESSION_SECRET,
    'CallbackToken01',
    AES_KEY,
    HOST_APP_SECRET,
    PROXY_SECRET,
    DATABASE_PASSWORD,
    encodeURIComponent(DATABASE_PASSWORD),
  ]) {
    expect(withoutSecrets(`before ${secret} after`)).toBe('before [secret] after');
  }
});

test('a token or seal that nobody knows is kept out by what stands before it', async () => {
  const { withoutSecrets } = await logWith('CallbackToken01');
  const unknown = 'a1b2c3d4e5f6';
  for (const text of [
    `GET /topapi/v2/user/get?access_token=${unknown}&x=1`,
    `{"accessToken":"${unknown}","expireIn":7200}`,
    `{"appKey":"ding","appSecret":"${unknown}"}`,
    `x-acs-dingtalk-access-token: ${unknown}`,
    `GET /api/oauth/callback?authCode=${unknown}`,
    `cookie: __Host-dingpass=a.Fe26.2*1*${unknown}*x~2`,
  ]) {
    expect(withoutSecrets(text)).toContain('[secret]');
    expect(withoutSecrets(text)).not.toContain(unknown);
  }
});

test('a token that is as short as a word is left: it would tear every line', async () => {
  const { withoutSecrets } = await logWith('event');
  expect(withoutSecrets('{"event":"sign-in"}')).toBe('{"event":"sign-in"}');
});

test('the log is as talkative as it is told to be', async () => {
  const emulator = await startEmulator({ enforceQps: false });
  const mint = () => emulator.control.mintCode(emulator.company.people[0]!.userid);
  const told: Record<string, number> = {};
  for (const level of ['silent', 'error', 'warn', 'info', 'debug', 'trace']) {
    const app = await startInProcess(emulator, { LOG_LEVEL: level });
    const visitor = new Visitor(app);
    await visitor.post('/api/session', { code: mint() });
    await visitor.post('/api/session', { code: 'invented' });
    emulator.control.fault({ endpoint: 'userdetail', fault: { kind: 'errcode', errcode: 99999 } });
    await visitor.post('/api/session', { code: mint() });
    await app.close();
    told[level] = app
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"sign-in"')).length;
    for (const secret of [emulator.clientSecret, SESSION_SECRET, ...visitor.cookies.values()])
      expect(app.output()).not.toContain(secret);
  }
  await emulator.close();
  expect(told).toEqual({ silent: 0, error: 1, warn: 2, info: 3, debug: 3, trace: 3 });
});
