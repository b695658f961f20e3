import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isDeadOwner, thisOwner } from '../../../../lib/directory/sync/lease';

const [host, space, pid] = thisOwner().split(' ');
const owner = (parts: { host?: string; space?: string; pid?: unknown }) =>
  [parts.host ?? host, parts.space ?? space, parts.pid ?? pid, 'another-word'].join(' ');
/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

test('an owner whose process has ended here is dead, and so is one whose number is ours now', async () => {
  expect(isDeadOwner(owner({ pid: await endedPid() }))).toBe(true);
  expect(isDeadOwner(owner({}))).toBe(true);
});

test('whoever lives, or whose processes we cannot see, is not', async () => {
  expect(isDeadOwner(thisOwner())).toBe(false);
  expect(isDeadOwner(owner({ pid: process.ppid }))).toBe(false);
  const ended = await endedPid();
  expect(isDeadOwner(owner({ pid: ended, host: 'another-host' }))).toBe(false);
  // Containers may share a name, a file and a boot, and have numbers of their own.
  expect(isDeadOwner(owner({ pid: ended, space: space!.replace(/\d+\]$/, '1]') }))).toBe(false);
  expect(isDeadOwner(owner({ space: space!.replace(/\d+\]$/, '1]') }))).toBe(false);
  expect(isDeadOwner(owner({ pid: ended, space: '-' }))).toBe(false);
  // As owners were written before.
  expect(isDeadOwner(`${host} ${ended} a-word`)).toBe(false);
});
