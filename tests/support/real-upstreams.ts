import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bareEnv, collect } from './app';
import { freePort } from './port';

/** A web application that others wrote, with the settings of docs/recipes.md. */
export interface RealUpstream {
  port: number;
  close(): void;
}

const RADICALE = ['/usr/bin/radicale', '/usr/local/bin/radicale'];

/** Where Radicale is; Debian's package `radicale`. */
export const radicaleProgram = () => RADICALE.find((path) => existsSync(path));

export async function startRadicale(): Promise<RealUpstream> {
  const folder = mkdtempSync(join(tmpdir(), 'radicale-'));
  const port = await freePort();
  writeFileSync(
    join(folder, 'config'),
    `[server]\nhosts = 127.0.0.1:${port}\n[auth]\ntype = http_x_remote_user\n[storage]\nfilesystem_folder = ${folder}/collections\n`,
  );
  return run(radicaleProgram() ?? '', ['--config', join(folder, 'config')], port);
}

async function run(program: string, words: string[], port: number): Promise<RealUpstream> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: bareEnv() });
  const output = collect(child);
  for (let waited = 0; ; waited += 50) {
    if (child.exitCode !== null || waited > 15_000) throw new Error(`${program} did not start:\n${output()}`);
    if (await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).catch(() => undefined)) break;
    await delay(50);
  }
  return { port, close: () => child.kill() };
}
