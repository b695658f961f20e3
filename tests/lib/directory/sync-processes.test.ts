import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { dumpMirror, expectExact, type Mirror, openMirror } from '../../support/directory';

const ROUNDS = 5;
const seed = Math.floor(Math.random() * 2 ** 31);
let emulator: Emulator;
let mirror: Mirror;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  mirror.db.close();
  await emulator.close();
});

/** A process that syncs the same file, and what it says. */
async function prepareSync(callsPerSecond: number) {
  const { url, clientId, clientSecret } = emulator;
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=react-server', '--import', 'tsx', 'tests/support/sync-child.ts'],
      ...[mirror.file, url, clientId, clientSecret, String(callsPerSecond)],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  children.push(child);
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      said += chunk;
      if (said.startsWith('ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`the child ended: ${said}`)));
  });
  const outcome = once(child, 'exit').then(() => said.replace('ready\n', '').trim());
  await ready;
  return { child, outcome, go: () => child.stdin!.write('go\n') };
}

test('killed at random moments, it goes on to the exact result, and readers see no mixture', async ({
  onTestFailed,
}) => {
  onTestFailed(() => void process.stdout.write(`the seed was ${seed}\n`));
  emulator = await startEmulator({ members: 900, departments: 120, seed, enforceQps: false });
  mirror = openMirror(emulator);
  await mirror.sync();
  const before = await dumpMirror(mirror.store);
  const people = emulator.company.people.map(({ userid }) => userid);
  for (const userid of people.slice(100, 130)) emulator.control.fire(userid);
  for (const userid of people.slice(200, 260)) emulator.control.patchPerson(userid, { title: '改' });
  for (let n = 0; n < 20; n++) emulator.control.hire({ userid: `new.${n}`, departmentIds: [1] });

  let ended = false;
  for (let round = 0; round < ROUNDS && !ended; round++) {
    const { child, outcome, go } = await prepareSync(70);
    go();
    await delay(100 + Math.random() * 900);
    child.kill('SIGKILL');
    ended = (await outcome) !== '';
    if (!ended) expect(await dumpMirror(mirror.store)).toEqual(before);
  }
  if (!ended) expect((await mirror.sync()).state).toBe('complete');
  await expectExact(mirror, emulator.company);
  const runs = await mirror.store.runs(10);
  expect(runs.map(({ state }) => state)).toEqual(['complete', 'complete']);
}, 180_000);

test('two processes never run at once', async () => {
  emulator = await startEmulator({ members: 200, departments: 60, seed, enforceQps: false });
  mirror = openMirror(emulator);
  const [first, second] = await Promise.all([prepareSync(30), prepareSync(1000)]);
  first.go();
  while (!(await mirror.store.isLeased(() => false))) await delay(20);
  second.go();
  expect(await second.outcome).toBe('busy');
  expect(await first.outcome).toBe('complete');
  await expectExact(mirror, emulator.company);
  const { byEndpoint } = emulator.control.calls();
  expect(byEndpoint['/auth/scopes']).toBe(1);
}, 120_000);
