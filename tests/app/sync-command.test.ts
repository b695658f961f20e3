import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { createSyncStore } from '../../lib/directory/sync/run-store';
import { appEnv, bareEnv, collect, dataDirOf } from '../support/app';
import { openDirectory } from '../support/directory-file';

/** `npm run sync`: what it says, and how it ends. */

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator({ members: 100, departments: 12, enforceQps: false });
});
afterEach(() => emulator.close());

const LIST = '/topapi/v2/user/list';

function command(words: string[] = [], callsPerSecond = 500) {
  const child = spawn(process.execPath, ['command.mjs', 'sync', ...words], {
    env: {
      ...bareEnv(),
      ...appEnv(emulator, 'http://127.0.0.1:3000'),
      DIRECTORY_CALLS_PER_SECOND: String(callsPerSecond),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number, said: output() }));
  return { child, output, ended };
}

test('it ends with 0 when it read everything, and says how much', async () => {
  const { code, said } = await command().ended;
  expect(said).toContain('100 人 people · 13 部门 departments · +100 ~0 −0');
  expect([code, said.includes('完整 · Complete')]).toEqual([0, true]);
});

test('it ends with 2 when something is missing, with 1 when all is, and names what', async () => {
  const { id, name } = emulator.company.childrenOf(1)[0]!;
  const fault = { kind: 'errcode', errcode: 50004 } as const;
  emulator.control.fault({ endpoint: LIST, where: { dept_id: id }, times: 'always', fault });
  const partial = await command().ended;
  expect([partial.code, partial.said.includes(`people ${name}: not-allowed · 50004`)]).toEqual([2, true]);
  emulator.control.fault({
    endpoint: '/auth/scopes',
    times: 'always',
    fault: { kind: 'errcode', errcode: 60020 },
  });
  const failed = await command().ended;
  expect([failed.code, failed.said.includes('scope: address-refused · 60020')]).toEqual([1, true]);
});

test('a shrink of more than a fifth ends with 1, until --accept-shrink says that it is right', async () => {
  expect((await command().ended).code).toBe(0);
  for (const { userid } of emulator.company.people.slice(-21)) emulator.control.fire(userid);
  const shrunk = await command().ended;
  expect([shrunk.code, shrunk.said.includes('--accept-shrink')]).toEqual([1, true]);
  const accepted = await command(['--accept-shrink']).ended;
  expect([accepted.code, accepted.said.includes('+0 ~0 −21')]).toEqual([0, true]);
});

test('it refuses words that it does not know, and calls nobody', async () => {
  const { code, said } = await command(['--accept-shrinks']).ended;
  expect([code, said.includes('npm run sync -- [--accept-shrink]')]).toEqual([1, true]);
  expect(emulator.control.calls().total).toBe(0);
});

test('it follows a run of another process to its end, and ends like that', async () => {
  const db = await openDirectory(join(dataDirOf(emulator), 'directory.db'));
  const store = createSyncStore(() => db);
  const first = command([], 3);
  while (!(await store.isLeased())) await delay(20);
  const second = command();
  const [led, followed] = await Promise.all([first.ended, second.ended]);
  expect([led.code, followed.code]).toEqual([0, 0]);
  expect(followed.said).toContain('另一个进程正在同步');
  expect(followed.said).toContain('完整 · Complete');
  expect(await store.runs(5)).toHaveLength(1);
  await db.close();
});

test('it says so when the process that it follows dies', async () => {
  const db = await openDirectory(join(dataDirOf(emulator), 'directory.db'));
  const store = createSyncStore(() => db);
  const first = command([], 2);
  while (!(await store.isLeased())) await delay(20);
  const second = command();
  while (!second.output().includes('另一个进程正在同步')) await delay(20);
  first.child.kill('SIGKILL');
  const { code, said } = await second.ended;
  expect([code, said.includes('请再执行一次')]).toEqual([1, true]);
  await db.close();
});
