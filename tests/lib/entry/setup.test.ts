import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { parseConfig } from '../../../lib/config';
import { withSettings, writeEnvFile } from '../../../lib/entry/setup/env-file';
import { interview } from '../../../lib/entry/setup/interview';
import { runSteps } from '../../../lib/entry/setup/run-steps';
import { setupSteps, shellLine } from '../../../lib/entry/setup/steps';
import { startConnectProxy } from '../../support/connect-proxy';
import { type ConsoleState, createConsoleState, createDws } from '../../support/dws-stand-in';

const FACTS = {
  name: '统一入口',
  publicOrigin: 'https://door.example.com',
  clientId: undefined,
  usesStream: true,
};

async function run(state: ConsoleState, facts: Partial<Parameters<typeof setupSteps>[0]> = {}) {
  const said: string[] = [];
  const kept: string[] = [];
  const isDone = await runSteps(setupSteps({ ...FACTS, ...facts }), {
    ask: createDws(state),
    language: 'en',
    say: (line) => void said.push(line),
    keep: ({ clientId, clientSecret }) => void kept.push(clientId, clientSecret),
  });
  return { isDone, said: said.join('\n'), kept };
}

test('an app is made of nothing, and what was done is read back', async () => {
  const state = createConsoleState();
  const { isDone, said, kept } = await run(state);
  expect(isDone).toBe(true);
  expect(kept).toEqual(['dingnewapp0001', 'a-new-secret-of-the-console-0001']);
  expect(said).not.toContain('a-new-secret-of-the-console-0001');
  expect(state.webapp).toEqual({
    homepageUrl: 'https://door.example.com/?corpid=$CORPID$',
    pcHomepageUrl: 'https://door.example.com/?corpid=$CORPID$',
  });
  expect(state.security).toMatchObject({ 'redirect-urls': 'https://door.example.com/api/oauth/callback' });
  expect(state.authorised).toContain('qyapi_get_member');
  expect(state.subscribed).toContain('user_leave_org');
  expect(state.versionStatus).toBe('RELEASE');
  for (const read of [
    'dev app webapp get',
    'dev app permission list',
    'dev app event list',
    'dev app version status',
  ])
    expect(state.ran).toContain(read);
});

test.each<[string, Partial<ConsoleState>, RegExp]>([
  [
    'a permission waits for approval',
    { needApproval: ['qyapi_get_member'] },
    /has to approve.*qyapi_get_member/,
  ],
  ['the version needs an approver', { versionNeedsApproval: true }, /choose the approver/],
  ['Stream is not connected', { isStreamOnline: false }, /start the app first/],
  ['nobody is signed in', { signedIn: false }, /not signed in/],
])('it stops where %s, and writes nothing beyond', async (_, change, why) => {
  const state = createConsoleState(change);
  const { isDone, said } = await run(state);
  expect(isDone).toBe(false);
  expect(said).toMatch(why);
  expect(state.ran).not.toContain('dev app version publish');
});

test('the lists of an app that exists are left to a person: they cannot be read first', async () => {
  const app = { unifiedAppId: 'app-7', clientId: 'dingold', clientSecret: 'a-secret-of-an-old-app-000001' };
  const state = createConsoleState({ app });
  const { isDone, said } = await run(state, { clientId: 'dingold' });
  expect(isDone).toBe(true);
  expect(state.security).toEqual({});
  expect(state.ran).not.toContain('dev app create');
  expect(said).toContain('--redirect-urls https://door.example.com/api/oauth/callback');
});

test('commands are quoted for a shell', () => {
  expect(shellLine(['a', 'https://x/?corpid=$CORPID$', "it's"])).toBe(
    `dws a 'https://x/?corpid=$CORPID$' 'it'\\''s'`,
  );
});

test('.env keeps what is in it; the example serves as the first one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-env-'));
  const path = join(folder, '.env');
  writeFileSync(`${path}.example`, '# 中文 · English\nPUBLIC_ORIGIN=\n\n# DINGTALK_STREAM=off\n');
  writeEnvFile({ PUBLIC_ORIGIN: 'https://door.example.com', DINGTALK_STREAM: 'on', DATABASE_URL: '' }, path);
  expect(readFileSync(path, 'utf8')).toBe(
    '# 中文 · English\nPUBLIC_ORIGIN=https://door.example.com\n\nDINGTALK_STREAM=on\n',
  );
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(withSettings('A=1\n# mine\n', { A: '$2', B: '3' })).toBe('A=\\$2\n# mine\nB=3\n');
  expect(withSettings('# A=0\nB=1\nA=1\n', { A: '2' })).toBe('# A=0\nB=1\nA=2\n');
});

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 10 });
});
afterAll(() => emulator.close());

/** Answers in order; what was said, and how many questions there were. */
async function ask(answers: string[], settings?: Record<string, string>) {
  const said: string[] = [];
  let asked = 0;
  const known = settings ?? {
    DINGTALK_API_URL: emulator.url,
    DINGTALK_OAPI_URL: emulator.url,
    DINGTALK_LOGIN_URL: emulator.url,
  };
  const given = await interview({
    language: 'en',
    known,
    say: (line) => void said.push(line),
    ask: async (question) => {
      said.push(question);
      return answers[asked++];
    },
  });
  return { given, said: said.join('\n'), asked };
}

test('eight answers make settings that the app starts with', async () => {
  const { corpId, clientId, clientSecret } = emulator;
  const answers = [corpId, clientId, clientSecret, '', 'http://localhost:3000', '', '', ''];
  const { given, said, asked } = await ask(answers);
  expect(asked).toBeLessThanOrEqual(8);
  expect(parseConfig(given!)).toMatchObject({ corpId, clientId, stream: true, trustedProxyHops: 0 });
  expect(said).not.toContain(clientSecret);
  expect(said).not.toContain(given!.SESSION_KEYS!.slice(2));
});

test('an international company is asked for where it is', async () => {
  const proxy = await startConnectProxy({ to: 9, refuse: 403 });
  const answers = ['dingcorp0001', 'dingclient0001', ...Array<string>(5).fill('a-client-secret-0001')];
  const { said } = await ask(answers, { DINGTALK_REGION: 'intl', HTTPS_PROXY: proxy.url });
  await proxy.close();
  expect(new Set(proxy.asked)).toEqual(new Set(['api.dingtalk.io:443', 'oapi.dingtalk.io:443']));
  expect(said).toContain('✗');
  expect(said).not.toContain('dingtalk.com');
});

test('each answer is checked at once, and asked for again', async () => {
  const { corpId, clientId, clientSecret } = emulator;
  const wrong = [
    '“ding”',
    corpId,
    clientId,
    'another-secret-0001',
    clientSecret,
    'x',
    '7',
    'door.example.com',
    'https://door.example.com',
    'two',
    '1',
    'on',
    'mysql://x',
    '',
  ];
  const { given, said } = await ask(wrong);
  expect(given).toMatchObject({ DINGTALK_CORP_ID: corpId, DINGTALK_AGENT_ID: '7', TRUSTED_PROXY_HOPS: '1' });
  expect(said.match(/✗/g)).toHaveLength(6);
  expect(said).not.toContain('another-secret-0001');
});

test('another company’s CorpId is found out with the secret', async () => {
  const { clientId, clientSecret } = emulator;
  const { given, said } = await ask([
    'dinganother0002corp',
    clientId,
    ...Array<string>(5).fill(clientSecret),
  ]);
  expect(given).toBeUndefined();
  expect(said).toContain('does not belong to this company');
});
