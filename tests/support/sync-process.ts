import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Emulator } from '../../emulator/server';
import { bundle } from './bundle';

/** A process of its own that will sync once. */
export interface SyncProcess {
  go(): void;
  /** How it ended: the run's state, `busy`, or nothing when it was killed. */
  outcome: Promise<string>;
  isAlive(): boolean;
  /** As `kill -9` does. */
  kill(): void;
}

let program: Promise<string> | undefined;

/** Starts a process and waits until it could begin. */
export async function prepareSync(
  { url, clientId, clientSecret }: Emulator,
  file: string,
  callsPerSecond: number,
): Promise<SyncProcess> {
  program ??= bundle('tests/support/sync-child.ts');
  const child = spawn(
    process.execPath,
    [await program, file, url, clientId, clientSecret, String(callsPerSecond)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.startsWith('ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`the child ended: ${said}`)));
  });
  const outcome = once(child, 'exit').then(() => said.replace('ready\n', '').trim());
  await ready;
  return {
    go: () => void child.stdin.write('go\n'),
    outcome,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    kill: () => void child.kill('SIGKILL'),
  };
}
