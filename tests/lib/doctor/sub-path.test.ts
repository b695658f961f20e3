import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { homeOf } from '../../../lib/doctor/console-checks';
import { setupSteps } from '../../../lib/entry/setup/steps';
import { PERMISSIONS } from '../../../lib/permissions';
import { blamed, type DoctorScene, startDoctorScene } from '../../support/doctor-scene';
import { createConsoleState, createDws } from '../../support/dws-stand-in';

/** As a build for `/door` has it. */
vi.hoisted(() => vi.stubEnv('BASE_PATH', '/door'));

let scene: DoctorScene;
beforeAll(async () => {
  scene = await startDoctorScene();
});
afterAll(() => scene.close());

test('below a base path a right set-up is all green, by addresses that have the path', async () => {
  const { findings } = await scene.examine();
  expect(findings.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'manual')).toEqual([]);
  const door = `${scene.env.PUBLIC_ORIGIN}/door`;
  const urlOf = (id: string) => findings.find((finding) => finding.id === id)?.values.url;
  expect(['origin', 'redirect-url', 'callback', 'console-home'].map(urlOf)).toEqual([
    door,
    `${door}/api/oauth/callback`,
    `${door}/api/dingtalk/events`,
    `${door}?corpid=$CORPID$`,
  ]);
});

test('a reverse proxy that passes on another path is found', async () => {
  scene.front = {
    onRequest(request) {
      request.url = request.url?.replace('/door/', '/');
    },
  };
  expect(blamed(await scene.examine({}, { maySpend: false }))).toEqual(['origin: origin-elsewhere']);
  scene.front = {};
});

test.each<[string, string[]]>([
  ['/door?corpid=$CORPID$', []],
  ['/door/?corpid=$CORPID$', []],
  ['/?corpid=$CORPID$', ['console-home: home-page-other']],
  ['/doors?corpid=$CORPID$', ['console-home: home-page-other']],
])('the console’s home page %s', async (page, expected) => {
  const url = scene.env.PUBLIC_ORIGIN + page;
  const state = createConsoleState({
    app: { unifiedAppId: 'app-1', clientId: scene.emulator.clientId, clientSecret: 'x' },
    webapp: { homepageUrl: url, pcHomepageUrl: url },
    authorised: PERMISSIONS.map(({ point }) => point),
    versionStatus: 'RELEASE',
  });
  const options = { console: createDws(state), maySpend: false, except: ['console-events'] };
  expect(blamed(await scene.examine({}, options))).toEqual(expected);
});

test('the set-up enters the addresses with the path', () => {
  const publicOrigin = 'https://intranet.example.com';
  expect(homeOf(publicOrigin)).toBe('https://intranet.example.com/door?corpid=$CORPID$');
  const words = setupSteps({ name: 'x', publicOrigin, clientId: undefined, usesStream: false }).flatMap(
    (step) => step.words,
  );
  expect(words.filter((word) => word.startsWith(publicOrigin))).toEqual([
    'https://intranet.example.com/door?corpid=$CORPID$',
    'https://intranet.example.com/door?corpid=$CORPID$',
    'https://intranet.example.com/door/api/oauth/callback',
    'https://intranet.example.com',
  ]);
});
