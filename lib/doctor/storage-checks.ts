import 'server-only';
import { accessSync, constants, existsSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config';
import { withoutSecrets } from '../log';
import { createCallCounter } from '../storage/call-counter';
import type { Database } from '../storage/database';
import { isOwner, ownerOf } from '../storage/database-owner';
import { migrations } from '../storage/migrations';
import { createMonthlyCalls } from '../storage/monthly-calls';
import { bad, type Check, ok, type Patient, type Result, warn } from './check';
import { migrationsOf } from './storage-view';

/** Where everything is written: a folder, or PostgreSQL. */

/** A sync of 100,000 people takes some 250 MB beside what is there. */
const LEAST_FREE_MB = 512;
const SLOW_MS = 100;
const READS = 5;

const folder: Check = {
  id: 'data-folder',
  circle: 'local',
  isWanted: ({ config }) => config.database === undefined,
  run: ({ config: { dataDir } }) => {
    const path = resolve(dataDir);
    const existing = nearestFolder(path);
    try {
      if (!statSync(existing).isDirectory()) return bad('folder-unwritable', { path, code: 'ENOTDIR' });
      accessSync(existing, constants.W_OK | constants.X_OK);
      if (existing === path) tryToWrite(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EDQUOT') return bad('disk-full', { path, free: '0' });
      return bad('folder-unwritable', { path, code: String(code) });
    }
    const { bavail, bsize } = statfsSync(existing);
    const free = Math.floor((bavail * bsize) / 1024 / 1024);
    return free < LEAST_FREE_MB
      ? warn('disk-full', { path, free: String(free) })
      : ok({ path, free: String(free) });
  },
};

/** Permissions alone say nothing of a file system that is mounted for reading. */
function tryToWrite(path: string): void {
  const file = join(path, `.doctor-${process.pid}`);
  writeFileSync(file, '');
  rmSync(file);
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

const database: Check = {
  id: 'database',
  circle: 'local',
  needs: ['data-folder'],
  run: async (patient) => {
    try {
      return await examine(patient);
    } catch (error) {
      return explainDatabase(error, patient.config);
    }
  },
};

async function examine({ config, storage }: Patient): Promise<Result> {
  const { databases } = await storage();
  const kind = config.database ? 'PostgreSQL' : 'SQLite';
  const known = migrations.map(({ name }) => name);
  for (const db of databases) {
    const taken = await migrationsOf(db);
    const unknown = taken.filter((name) => !known.includes(name));
    if (unknown.length > 0) return warn('database-newer', { names: unknown.join(', ') });
    const owner = taken.length > 0 ? await ownerOf(db) : undefined;
    if (owner && !isOwner(owner, config)) return bad('database-foreign', { ...owner });
  }
  const [first] = databases;
  if (!first) return ok({ kind }, 'new');
  const ms = await latencyOf(first);
  const values = { kind, version: await versionOf(first), ms: ms.toFixed(1) };
  return ms > SLOW_MS ? warn('database-slow', values) : ok(values);
}

async function latencyOf(db: Database): Promise<number> {
  const times: number[] = [];
  for (let read = 0; read < READS; read++) {
    const started = performance.now();
    await db.get('SELECT 1 AS one');
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(READS / 2)] ?? 0;
}

async function versionOf(db: Database): Promise<string> {
  const sql =
    db.dialect.name === 'postgres'
      ? "SELECT current_setting('server_version') AS version"
      : 'SELECT sqlite_version() AS version';
  return (await db.get<{ version: string }>(sql))?.version ?? '';
}

/** Codes of PostgreSQL for a name, a password or a database that it does not take. */
const REFUSED = /^(28\w{3}|3D000|42501)$/;

function explainDatabase(error: unknown, { database: server }: Config): Result {
  const { name, code = '', message } = error as Error & { code?: string };
  if (name === 'FormerDatabaseError') return bad('database-former');
  const reason = withoutSecrets(code || message.split('\n')[0]!);
  if (REFUSED.test(code)) return bad('database-refused', { reason });
  if (/PostgreSQL 14|encoding must be/.test(message)) return bad('database-unsupported', { reason: message });
  const where = server ? hostOf(server.url) : 'DATA_DIR';
  return bad('database-away', { where, reason });
}

function hostOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

const quota: Check = {
  id: 'monthly-calls',
  circle: 'dingtalk',
  needs: ['database'],
  run: async ({ config, storage }) => {
    const { current } = await storage();
    if (!current) return ok({ used: '0', limit: String(config.monthlyCalls) });
    const counter = createCallCounter(current.records);
    const calls = createMonthlyCalls({ counter, limit: config.monthlyCalls });
    const { used, limit, left, daysLeft } = await calls.state();
    const values = { used: String(used), limit: String(limit), left: String(left) };
    if (limit > 0 && left === 0) return bad('calls-spent', { code: `${used}/${limit}` });
    return daysLeft === undefined || limit === 0
      ? ok(values)
      : warn('quota-low', { ...values, days: String(daysLeft) });
  },
};

export const storageChecks: readonly Check[] = [folder, database];
export const quotaCheck = quota;
