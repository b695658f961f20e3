import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { publicPartOf } from '../../../lib/doctor/app-report';
import { createConsole } from '../../../lib/doctor/console-program';
import { describeFinding } from '../../../lib/doctor/description';
import { exitCodeOf } from '../../../lib/doctor/doctor';
import { EVENT_CODES } from '../../../lib/doctor/event-checks';
import { checkNode } from '../../../lib/doctor/machine-checks';
import { sealProbe } from '../../../lib/doctor/probe';
import { reportLines } from '../../../lib/doctor/report-lines';
import { PERMISSIONS } from '../../../lib/permissions';
import { migrate } from '../../../lib/storage/migrate';
import { migrations } from '../../../lib/storage/migrations';
import { openPostgres } from '../../../lib/storage/postgres';
import { gateSettings } from '../../support/broken/set-up';
import { blamed, type DoctorScene, HOST_APP, secretsIn, startDoctorScene } from '../../support/doctor-scene';
import { type ConsoleState, createConsoleState, createDws } from '../../support/dws-stand-in';
import { postgresDatabase } from '../../support/postgres';

let scene: DoctorScene;
beforeAll(async () => {
  scene = await startDoctorScene();
});
afterAll(() => scene.close());

test('a right set-up is all green', async () => {
  const report = await scene.examine();
  expect(blamed(report)).toEqual([]);
  expect(report.findings.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'manual')).toEqual([]);
  expect(exitCodeOf(report)).toBe(0);
  expect(secretsIn(report, scene.env)).toEqual([]);
  expect(report.ms).toBeLessThan(10_000);
});

test('a gate that is set up rightly is all green', async () => {
  const report = await scene.examine({
    ...gateSettings(`[{ "at": "wiki.example.com/*", "for": ["everybody"] },
                      { "at": "one.apps.example.com/*", "for": ["everybody"] }]`),
    GATE_LISTEN: '0.0.0.0:4180',
    GATE_HOSTS: 'wiki.example.com,*.apps.example.com',
    GATE_TRUSTED_PROXIES: '10.0.0.0/8,fc00::/7,203.0.113.7',
    GATE_APPS: `wiki.example.com=${HOST_APP.clientId}:${HOST_APP.clientSecret}`,
    GATE_USER: 'job-number',
  });
  expect(blamed(report)).toEqual([]);
  expect(
    report.findings.filter(({ id, outcome }) => id.startsWith('gate-') && outcome === 'ok'),
  ).toHaveLength(4);
  expect(secretsIn(report, scene.env)).toEqual([]);
});

test('what waits for the same is told together, and for what really has to be seen to', async () => {
  const report = await scene.examine({ DINGTALK_CLIENT_SECRET: '' });
  const [settings, ...others] = report.findings;
  expect(settings).toMatchObject({ id: 'settings', outcome: 'bad' });
  expect(new Set(others.map(({ outcome, values }) => `${outcome} ${values.because}`))).toEqual(
    new Set(['skipped settings']),
  );
  for (const language of ['zh-CN', 'en'] as const) {
    const lines = reportLines(report, language);
    expect(lines.length).toBeLessThan(report.findings.length / 2);
    for (const { tried } of others.map((one) => describeFinding(one, language, 'cn')))
      expect(lines.join('\n')).toContain(tried);
  }
});

test('a permission that others wait for is named as in its own line', async () => {
  scene.emulator.control.settings({ permissions: ['qyapi_base'] });
  const report = await scene.examine({ ADMIN_USER_IDS: 'a-person' });
  scene.mend();
  const waiting = report.findings.find(({ id }) => id === 'named-people')!;
  expect(describeFinding(waiting, 'en', 'cn').found).toBe(
    'fix “Permission qyapi_get_member (成员信息读权限)” first',
  );
});

test('a partial contact range is told in words: how many of the departments, and which', async () => {
  const { company, control } = scene.emulator;
  const above = company.departments.find(({ id }) => id !== 1 && company.childrenOf(id).length > 0)!;
  control.settings({ scope: { departments: [above.id], users: [company.people[0]!.userid] } });
  const report = await scene.examine();
  scene.mend();
  const range = report.findings.find(({ id }) => id === 'range')!;
  const below = company.departments.filter(({ id }) => company.pathOf(id).includes(above.id)).length;
  expect(describeFinding(range, 'en', 'cn').found).toBe(
    `${below} of ${company.departments.length - 1} departments (${above.name}, with those below) and 1 single people`,
  );
});

test('what cannot be reached from this machine is no fault, nor is anything that hangs on it', async () => {
  const report = await scene.examine(
    { PUBLIC_ORIGIN: 'https://door.example.invalid' },
    { except: ['redirect-url'] },
  );
  expect(blamed(report)).toEqual([]);
  const untried = report.findings.filter(({ outcome }) => outcome === 'untried').map(({ id }) => id);
  expect(untried).toEqual(expect.arrayContaining(['origin', 'origin-cookies', 'proxy-hops', 'callback']));
  expect(exitCodeOf(report)).toBe(0);
});

test('Node.js must be new enough, and its extra roots must be a file that it has read', async () => {
  expect(checkNode('20.18.9')).toMatchObject({ outcome: 'bad', fault: 'node-old' });
  expect(checkNode('24.0.0').outcome).toBe('ok');
  const rootsOf = async (path: string, isInFile = false) => {
    vi.resetModules();
    vi.stubEnv('NODE_EXTRA_CA_CERTS', isInFile ? '' : path);
    const { machineChecks } = await import('../../../lib/doctor/machine-checks');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', path);
    const result = await machineChecks.find(({ id }) => id === 'tls-roots')!.run(undefined as never);
    vi.unstubAllEnvs();
    return result.fault ?? result.outcome;
  };
  expect(await rootsOf('/nowhere/roots.pem')).toBe('roots-unread');
  expect(await rootsOf('package.json')).toBe('roots-unread');
  expect(await rootsOf('/nowhere/roots.pem', true)).toBe('roots-late');
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  expect(await rootsOf('')).toBe('verification-off');
});

test('strangers are told which checks failed, but none that would help an attacker', async () => {
  const report = await scene.examine({
    SESSION_KEYS: `1:${'0123456789'.repeat(5)}`,
    TRUSTED_PROXY_HOPS: '1',
    DINGTALK_CORP_ID: 'dinganother0002corp',
  });
  expect(blamed(report)).toHaveLength(3);
  expect(publicPartOf(report)).toMatchObject({ warn: [], bad: ['company'] });
});

test('what arrives is told to a seal of the session keys only', async () => {
  await scene.examine({}, { maySpend: false });
  const ask = (seal: string) =>
    fetch(`${scene.env.PUBLIC_ORIGIN}/api/doctor`, { method: 'POST', headers: { 'x-dingpass-probe': seal } });
  const settings = { sessionKeys: new Map([['1', scene.env.SESSION_KEYS!.slice(2)]]), sealKey: '1' };
  expect((await ask(await sealProbe(settings, 'a-nonce'))).status).toBe(200);
  const others = { sessionKeys: new Map([['1', 'f3b1c9'.repeat(6)]]), sealKey: '1' };
  for (const seal of ['', '1.Fe26.2**', await sealProbe(others, 'a-nonce')])
    expect((await ask(seal)).status).toBe(404);
});

/** A console where everything is right. */
function rightConsole(change: Partial<ConsoleState> = {}): ConsoleState {
  const url = `${scene.env.PUBLIC_ORIGIN}/?corpid=$CORPID$`;
  return createConsoleState({
    app: { unifiedAppId: 'app-1', clientId: scene.emulator.clientId, clientSecret: 'x' },
    webapp: { homepageUrl: url, pcHomepageUrl: url },
    authorised: PERMISSIONS.map(({ point }) => point),
    subscribed: [...EVENT_CODES],
    versionStatus: 'RELEASE',
    ...change,
  });
}

const outcomes = async (state: ConsoleState) => {
  const report = await scene.examine({}, { console: createDws(state), maySpend: false });
  const found = report.findings.filter(({ circle }) => circle === 'console');
  return {
    blamed: blamed(report),
    outcomes: Object.fromEntries(found.map(({ id, outcome }) => [id, outcome])),
  };
};

test('what the console says is compared with the settings', async () => {
  expect(await outcomes(rightConsole())).toEqual({
    blamed: [],
    outcomes: {
      'console-home': 'ok',
      'console-permissions': 'ok',
      'console-events': 'ok',
      'console-version': 'ok',
      'console-visible': 'manual',
    },
  });
});

test.each<[string, Partial<ConsoleState>]>([
  ['console-home: home-page-missing', { webapp: {} }],
  ['console-home: home-page-missing', { webapp: { homepageUrl: 'https://door.example.com/' } }],
  [
    'console-home: home-page-other',
    { webapp: { homepageUrl: 'https://old.example.com/', pcHomepageUrl: 'https://old.example.com/' } },
  ],
  ['console-permissions: permission-unauthorised', { authorised: ['qyapi_base'] }],
  [
    'console-events: event-unsubscribed',
    { subscribed: EVENT_CODES.filter((code) => code !== 'user_leave_org') },
  ],
  ['console-version: version-unreleased', { versionStatus: 'AUDIT' }],
])('%s', async (expected, change) => {
  expect((await outcomes(rightConsole(change))).blamed).toEqual([expected]);
});

test('without dws, or without a sign-in, the lines say what to click, and nothing is blamed', async () => {
  for (const state of [rightConsole({ signedIn: false }), rightConsole({ app: undefined })]) {
    const { blamed: faults, outcomes: found } = await outcomes(state);
    expect(faults).toEqual([]);
    expect(new Set(Object.values(found))).toEqual(new Set(['manual']));
  }
});

test('the program is run with --format json; what it refuses, and that it is not there, is told apart', async () => {
  const program = (script: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'dingpass-dws-')), 'dws');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return createConsole(path);
  };
  const words = ['dev', 'app', 'get', '--app-key', 'ding1'];
  expect(await program(`echo "{\\"words\\":\\"$*\\"}"`)(words)).toEqual({
    words: 'dev app get --app-key ding1 --format json',
  });
  expect(await program(`echo '{"success":true,"data":{"unifiedAppId":"a"}}'`)(words)).toEqual({
    unifiedAppId: 'a',
  });
  await expect(
    program(`echo '{"success":false,"errorCode":"NO_AUTH","errorMsg":"请先登录"}'; exit 1`)(words),
  ).rejects.toMatchObject({ failure: 'not-signed-in', reason: 'NO_AUTH 请先登录' });
  await expect(
    program(`echo '{"success":false,"errorCode":"E1","errorMsg":"no"}'`)(words),
  ).rejects.toMatchObject({
    failure: 'refused',
  });
  await expect(createConsole('/nowhere/dws')(words)).rejects.toMatchObject({ failure: 'not-installed' });
  await expect(program('exec sleep 5')(words, { timeoutMs: 50 })).rejects.toMatchObject({
    failure: 'timeout',
  });
});

const examineServer = async (DATABASE_URL: string) => {
  const report = await scene.examine({ DATABASE_URL });
  return { blamed: blamed(report), database: report.findings.find(({ id }) => id === 'database')! };
};

test('PostgreSQL before and after the first start', async () => {
  const { url } = await postgresDatabase();
  expect(await examineServer(url)).toMatchObject({ blamed: [], database: { outcome: 'ok' } });
  const db = await openPostgres(url, { poolSize: 2 });
  await migrate(db, migrations);
  await db.close();
  const { blamed: faults, database } = await examineServer(url);
  expect(faults).toEqual([]);
  expect(database.values).toMatchObject({ kind: 'PostgreSQL', version: expect.stringMatching(/^\d/) });
});

test('a database that does not exist is told from a server that is not there', async () => {
  const other = new URL((await postgresDatabase()).url);
  other.pathname = '/no_such_database';
  expect((await examineServer(other.href)).blamed).toEqual(['database: database-refused']);
});

test('a database that was not created with UTF8', async () => {
  const { url } = await postgresDatabase({ encoding: 'LATIN1' });
  const { blamed: faults, database } = await examineServer(url);
  expect(faults).toEqual(['database: database-unsupported']);
  expect(database.values.reason).toContain('LATIN1');
});
