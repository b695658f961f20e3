import 'server-only';
import { randomUUID } from 'node:crypto';
import type { Database, Statements } from '../../storage/database';
import { writeDirectory } from '../write';
import { type Lease, LeaseLostError } from './run';

/** How long a process waits to take the lease while another one publishes. */
const TAKE_MS = 1000;
/** A publication holds all other writers up, and the sign of life of its own run. */
const MAX_PUBLICATION_MS = 10 * 60_000;

/** The right to run, or null while somebody else has it. */
export async function takeLease(db: Database, ttlMs: number): Promise<Lease | null> {
  const take = async (tx: Statements): Promise<Lease | null> => {
    const row = await tx.get<{ owner: string | null; until: number; fence: number }>(
      'SELECT * FROM directory_lease',
    );
    if (!row || (row.owner !== null && row.until > Date.now())) return null;
    const lease = { owner: randomUUID(), fence: row.fence + 1 };
    await tx.run(
      'UPDATE directory_lease SET owner = ?, until = ?, fence = ?',
      lease.owner,
      Date.now() + ttlMs,
      lease.fence,
    );
    return lease;
  };
  try {
    return await writeDirectory(db, take, TAKE_MS);
  } catch (error) {
    // The turn did not come.
    if (await isLeased(db)) return null;
    throw error;
  }
}

export function keepLease(db: Database, lease: Lease, ttlMs: number): Promise<void> {
  return writeUnderLease(db, lease, async (tx) => {
    await tx.run('UPDATE directory_lease SET until = ?', Date.now() + ttlMs);
  });
}

export function giveLease(db: Database, lease: Lease): Promise<void> {
  return writeUnderLease(db, lease, async (tx) => {
    await tx.run('UPDATE directory_lease SET owner = NULL, until = 0');
  });
}

/** Whether anybody holds the lease, or publishes, which says nothing until it is done. */
export async function isLeased(db: Statements): Promise<boolean> {
  const now = Date.now();
  const row = await db.get(
    `SELECT 1 AS found FROM directory_lease WHERE (owner IS NOT NULL AND until > ?) OR EXISTS
       (SELECT 1 FROM directory_run WHERE state = 'running' AND touched_at > ?
        AND progress LIKE '%"phase":"publishing"%')`,
    now,
    now - MAX_PUBLICATION_MS,
  );
  return row !== undefined;
}

/** Fails at its end where another process has taken the run over. @throws LeaseLostError */
export function writeUnderLease<T>(
  db: Database,
  lease: Lease,
  work: (tx: Statements) => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  return writeDirectory(
    db,
    async (tx) => {
      await assertHeld(tx, lease);
      const value = await work(tx);
      await assertHeld(tx, lease);
      return value;
    },
    timeoutMs,
  );
}

async function assertHeld(tx: Statements, { fence }: Lease): Promise<void> {
  const row = await tx.get('SELECT 1 AS held FROM directory_lease WHERE fence = ?', fence);
  if (!row) throw new LeaseLostError();
}
