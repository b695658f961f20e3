import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { parseGateKeys } from '../../lib/config';
import { newKey, rotationSteps } from '../../lib/session/key-rotation';
import { type App, appEnv, bareEnv, startApp } from '../support/app';
import { signedIn } from '../support/http-session';
import { isIn } from '../support/staff';

const OLD = `old:${'o'.repeat(40)}`;
const NEW = `new:${'n'.repeat(40)}`;
/** Each phase as every instance has it before and after: at any time some have the one and some the other. */
const PHASES = {
  before: { SESSION_KEYS: OLD },
  announced: { SESSION_KEYS: `${OLD},${NEW}`, SESSION_SEAL_KEY: 'old' },
  sealing: { SESSION_KEYS: `${OLD},${NEW}`, SESSION_SEAL_KEY: 'new' },
  retired: { SESSION_KEYS: NEW, SESSION_SEAL_KEY: 'new' },
};

let emulator: Emulator;
const apps = {} as Record<keyof typeof PHASES, App>;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 40 });
  for (const [phase, env] of Object.entries(PHASES))
    apps[phase as keyof typeof PHASES] = await startApp({ emulator, env });
});
afterAll(async () => {
  await Promise.all(Object.values(apps).map((app) => app.close()));
  await emulator?.close();
});

test('in every pair of neighbouring phases each instance takes what the other seals: nobody is signed out', async () => {
  const people = emulator.company.people.filter(({ active }) => active);
  const pairs = [
    ['before', 'announced'],
    ['announced', 'sealing'],
  ] as const;
  for (const [index, pair] of pairs.entries()) {
    for (const maker of pair) {
      const visitor = await signedIn(apps[maker], emulator, people[index]!.userid);
      for (const reader of pair)
        expect(await isIn(apps[reader], visitor.cookieHeader()), `${maker} → ${reader}`).toBe(true);
    }
  }
  // The last step waits until every session of the old key has expired: those of the new one stay.
  const visitor = await signedIn(apps.sealing, emulator, people[5]!.userid);
  for (const reader of ['sealing', 'retired'] as const)
    expect(await isIn(apps[reader], visitor.cookieHeader())).toBe(true);
});

test('a retired key opens nothing', async () => {
  const [person] = emulator.company.people.filter(({ active }) => active);
  for (const maker of ['before', 'announced'] as const) {
    const visitor = await signedIn(apps[maker], emulator, person!.userid);
    expect(await isIn(apps.retired, visitor.cookieHeader())).toBe(false);
    expect(await isIn(apps[maker], visitor.cookieHeader())).toBe(true);
  }
});

/** Runs the command where only these settings are there. */
function printKeys(env: Record<string, string>, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['command.mjs', 'keys', ...words], {
    env: { ...bareEnv(), ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test.each([true, false])(
  '`npm run keys` prints a key that is new, and these steps, and no secret that is there, other settings or not (%s)',
  (hasOthers) => {
    const env = { ...(hasOthers ? appEnv(emulator, 'http://localhost:3000') : {}), ...PHASES.before };
    const [first, second] = [printKeys(env).stdout, printKeys(env).stdout];
    const secretIn = (text: string) => /2:([0-9a-f]{64})/.exec(text)?.[1];
    expect(secretIn(first)).toBeDefined();
    expect(secretIn(first)).not.toBe(secretIn(second));
    expect(first).toContain(`SESSION_KEYS=<old>,2:${secretIn(first)}`);
    expect(first).toContain('SESSION_SEAL_KEY=old');
    expect(first).toContain('SESSION_SEAL_KEY=2');
    expect(first).not.toContain('oooo');
  },
);

test('`npm run keys` says what is wrong with the keys that are there, rather than to start with a first one', () => {
  for (const [env, name] of [
    [{ SESSION_KEYS: 'old:short' }, 'SESSION_KEYS'],
    [{ SESSION_KEYS: OLD, SESSION_SEAL_KEY: 'other' }, 'SESSION_SEAL_KEY'],
  ] as const) {
    const { status, stdout, stderr } = printKeys(env);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(name);
    expect(stderr).not.toContain('oooo');
  }
  expect(printKeys({}).stdout).toMatch(/SESSION_KEYS=1:[0-9a-f]{64}/);
});

test('a new key never takes the id of one that is there; before the first there are no steps', () => {
  const present = { ids: ['3', '2', 'x'], sealKey: '3', sessionTtlSeconds: 43_200 };
  expect(newKey(present).id).toBe('4');
  expect(newKey(undefined).id).toBe('1');
  expect(rotationSteps({ id: '1', secret: 's' }, undefined)).not.toContain('SESSION_SEAL_KEY');
});

test('`npm run keys -- --gate` prints a key for assertions; other words are told from those that there are', () => {
  const { status, stdout } = printKeys({}, '--gate');
  expect(status).toBe(0);
  expect(parseGateKeys({ GATE_KEYS: /GATE_KEYS=(\S+)/.exec(stdout)?.[1] }).size).toBe(1);
  const wrong = printKeys({}, '--gates');
  expect([wrong.status, wrong.stdout, wrong.stderr.includes('--gate')]).toEqual([1, '', true]);
});
