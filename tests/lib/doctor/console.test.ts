import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConsole } from '../../../lib/doctor/console-program';
import { EVENT_CODES } from '../../../lib/doctor/event-checks';
import { PERMISSIONS } from '../../../lib/permissions';
import { blamed, type DoctorScene, startDoctorScene } from '../../support/doctor-scene';
import { type ConsoleState, createConsoleState, createDws } from '../../support/dws-stand-in';

let scene: DoctorScene;
beforeAll(async () => {
  scene = await startDoctorScene();
});
afterAll(() => scene.close());

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
