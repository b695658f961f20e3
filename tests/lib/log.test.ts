import { afterEach, expect, test, vi } from 'vitest';

const AES_KEY = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ';
const SECRET = 'a-client-secret+with/signs=';
const DATABASE_PASSWORD = 'of the database: p@ss/word%';
const SESSION_SECRET = 'a-session-secret-of-more-than-32-characters';

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
    DATABASE_PASSWORD,
    encodeURIComponent(DATABASE_PASSWORD),
  ]) {
    expect(withoutSecrets(`before ${secret} after`)).toBe('before [secret] after');
  }
});

test('a token that is as short as a word is left: it would tear every line', async () => {
  const { withoutSecrets } = await logWith('event');
  expect(withoutSecrets('{"event":"sign-in"}')).toBe('{"event":"sign-in"}');
});
