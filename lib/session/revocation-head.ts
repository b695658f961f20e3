import 'server-only';
import { randomInt } from 'node:crypto';
import { type AuditLine, insertAudit } from '../storage/audit-line';
import type { Statements, Transaction } from '../storage/database';
import type { Position } from './session-store';

/** The row that numbers every change. */

export interface Head {
  epoch: number;
  /** The change that set the epoch. */
  epoch_sequence: number;
  sequence: number;
  database_id: number;
  restored_at: number | null;
}

const HEAD = 'SELECT epoch, epoch_sequence, sequence, database_id, restored_at FROM revocation_head';

export function toState({ sequence, epoch, database_id, restored_at }: Head) {
  return { sequence, epoch, databaseId: database_id, restoredAt: restored_at };
}

export async function readHead(from: Statements): Promise<Head> {
  return (await from.get<Head>(HEAD))!;
}

/**
 * Every transaction that ends something begins with it, before it touches another row: changes are committed in the order
 * of their numbers, and two of them never wait for each other.
 */
export async function lockHead(tx: Transaction): Promise<Head> {
  return (await tx.get<Head>(`${HEAD} ${tx.dialect.forUpdate}`))!;
}

/** One more change, in the row and in `head`, which is locked. @returns its number */
export async function nextSequence(tx: Transaction, head: Head): Promise<number> {
  head.sequence += 1;
  await tx.run('UPDATE revocation_head SET sequence = ?', head.sequence);
  return head.sequence;
}

/** Far beyond the epochs that emergency stops after the copy can have reached: none of them must come again. */
const EPOCH_JUMP = 1_000_000;

/** @param at Unix time in ms */
export async function endRestored(tx: Transaction, reached: Position, at: number): Promise<void> {
  const head = await lockHead(tx);
  if (head.epoch > reached.epoch) return;
  // Numbers go on after those that were lost: a process that knows of them must see these as later.
  const sequence = Math.max(head.sequence, reached.sequence) + 1;
  await tx.run(
    'UPDATE revocation_head SET sequence = ?, epoch = ?, epoch_sequence = ?, restored_at = ?',
    sequence,
    reached.epoch + EPOCH_JUMP + randomInt(EPOCH_JUMP),
    sequence,
    at,
  );
  const detail = `${head.sequence} < ${reached.sequence}`;
  const line: AuditLine = { event: 'everyone-ended', by: 'database', reason: 'restored', detail };
  await insertAudit(tx, { line, at });
}
