import 'server-only';
import { randomInt } from 'node:crypto';
import { type AuditLine, insertAudit } from '../storage/audit-line';
import type { Statements, Transaction } from '../storage/database';
import { enqueueRefresh, knowsEvent, rememberEvent, type StoreParts } from '../storage/event-inbox';
import type { LeaverNote } from '../storage/leavers';
import { KEEP_SECONDS } from './prune-horizon';
import { countLiveOf, insertSession, readChanges } from './session-rows';
import type {
  EndedSession,
  Ending,
  EndingOptions,
  EventEffect,
  EventName,
  Position,
  Revocations,
  SessionVersion,
} from './session-store';

/** An ending is on the disk before it is acknowledged. */
const DURABLE = { durable: true };

export function createRevocations({ db, now }: StoreParts): Revocations {
  return {
    sequence: async () => (await readHead(db)).sequence,
    changesSince: async (since) => {
      // Nearly every poll ends here.
      const head = await readHead(db);
      if (head.sequence === since) return { ...toState(head), people: [], sessions: [] };
      return db.snapshot(async (tx) => {
        const state = toState(await readHead(tx));
        const endedSince = Math.floor(now() / 1000) - KEEP_SECONDS;
        return { ...state, ...(await readChanges(tx, since, endedSince)) };
      });
    },
    open: (session, { since, replaces, line }) => {
      const enter = async (tx: Transaction): Promise<SessionVersion | null> => {
        const { epoch, epoch_sequence, sequence, database_id } = replaces
          ? await lockHead(tx)
          : await readHead(tx);
        const owner = await readPerson(tx, session.userId);
        if (epoch_sequence > since || (owner?.sequence ?? 0) > since) return null;
        if (replaces) await endOne(tx, replaces, { reason: 'replaced', by: replaces.userId }, now());
        const version = {
          generation: owner?.generation ?? 0,
          epoch,
          // Also where the session that it replaces had ended before: the change has its number all the same.
          sequence: replaces ? sequence + 1 : sequence,
          databaseId: database_id,
        };
        await insertSession(tx, { ...session, ...version });
        await insertAudit(tx, { line, at: now() });
        return version;
      };
      // A new session that a power cut takes away is only missing in lists; an ending must not be.
      return db.transaction(enter, replaces ? DURABLE : {});
    },
    endSession: (session, ending) =>
      db.transaction(async (tx) => {
        if (!(await endOne(tx, session, ending, now()))) return;
        const event = ending.reason === 'signed-out' ? 'sign-out' : 'session-ended';
        const { userId, id: sessionId } = session;
        const line: AuditLine = { event, userId, sessionId, by: ending.by, reason: ending.reason };
        await insertAudit(tx, { line, at: now() });
      }, DURABLE),
    endPeople: (userIds, ending, options = {}) =>
      db.transaction((tx) => endPeople(tx, userIds, ending, options, now()), DURABLE),
    endEveryone: (ending) => db.transaction((tx) => endEveryone(tx, ending, now()), DURABLE),
    endRestored: (reached) => db.transaction((tx) => endRestored(tx, reached, now()), DURABLE),
    applyEvent: async (event, effect) =>
      !(await knowsEvent(db, event.id)) &&
      (await db.transaction((tx) => applyEvent(tx, event, effect, now()), DURABLE)),
  };
}

interface Head {
  epoch: number;
  /** The change that set the epoch. */
  epoch_sequence: number;
  sequence: number;
  database_id: number;
  restored_at: number | null;
}

const HEAD = 'SELECT epoch, epoch_sequence, sequence, database_id, restored_at FROM revocation_head';

function toState({ sequence, epoch, database_id, restored_at }: Head) {
  return { sequence, epoch, databaseId: database_id, restoredAt: restored_at };
}

async function readHead(from: Statements): Promise<Head> {
  return (await from.get<Head>(HEAD))!;
}

/**
 * Every transaction that ends something begins with it, before it touches another row: changes are committed in the order
 * of their numbers, and two of them never wait for each other.
 */
async function lockHead(tx: Transaction): Promise<Head> {
  return (await tx.get<Head>(`${HEAD} ${tx.dialect.forUpdate}`))!;
}

/** One more change. @returns its number */
async function nextSequence(tx: Transaction): Promise<number> {
  const { sequence } = await lockHead(tx);
  await tx.run('UPDATE revocation_head SET sequence = ?', sequence + 1);
  return sequence + 1;
}

function readPerson(from: Statements, userId: string) {
  const sql = 'SELECT generation, sequence FROM revocation_person WHERE user_id = ?';
  return from.get<{ generation: number; sequence: number }>(sql, userId);
}

/** @param at Unix time in ms. @returns false when the session had ended before */
async function endOne(
  tx: Transaction,
  { id, userId, expiresAt }: EndedSession,
  { reason, by }: Ending,
  at: number,
): Promise<boolean> {
  const sequence = await nextSequence(tx);
  // The row may have been lost or dropped: the ending counts all the same.
  await tx.run(
    `INSERT INTO session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
     VALUES (?, ?, '', '', '', 0, 0, 0, ?, 0) ON CONFLICT DO NOTHING`,
    id,
    userId,
    expiresAt,
  );
  const sql = `UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ?, ended_sequence = ?
    WHERE id = ? AND ended_sequence IS NULL`;
  return (await tx.run(sql, toSeconds(at), reason, by, sequence, id)) > 0;
}

/** @param at Unix time in ms. @returns how many sessions ended, as far as is known */
async function endPeople(
  tx: Transaction,
  userIds: readonly string[],
  ending: Ending,
  { auditsLiveOnly = false, notes }: EndingOptions,
  at: number,
): Promise<number> {
  if (userIds.length === 0) return 0;
  await lockHead(tx);
  const named = notes ? await rememberNotes(tx, notes, at) : new Set(userIds);
  const people = userIds.filter((userId) => named.delete(userId));
  if (people.length === 0) return 0;
  const sequence = await nextSequence(tx);
  const live = await countLiveOf(tx, people, toSeconds(at));
  await raiseGenerations(tx, people, sequence);
  await tx.run(
    `UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ?
     WHERE ended_at IS NULL AND ${tx.dialect.isIn('user_id')}`,
    toSeconds(at),
    ending.reason,
    ending.by,
    tx.dialect.list(people),
  );
  const audited = auditsLiveOnly ? people.filter((userId) => live.has(userId)) : people;
  const lines = audited.map((userId): AuditLine => {
    return { event: 'person-ended', userId, by: ending.by, reason: ending.reason };
  });
  await insertAudit(tx, ...lines.map((line) => ({ line, at })));
  return [...live.values()].reduce((sum, count) => sum + count, 0);
}

/** @returns the people whose notes are new */
async function rememberNotes(
  tx: Transaction,
  notes: readonly LeaverNote[],
  at: number,
): Promise<Set<string>> {
  const people = new Map(notes.map(({ userId, note }) => [`leaver ${note}`, userId]));
  const remembered = await tx.all<{ id: string }>(
    `INSERT INTO event (id, at) SELECT id, ? FROM ${tx.dialect.table('note', { id: 'text' })} WHERE true
     ON CONFLICT DO NOTHING RETURNING id`,
    at,
    tx.dialect.rows([...people.keys()].map((id) => ({ id }))),
  );
  return new Set(remembered.flatMap(({ id }) => people.get(id) ?? []));
}

async function raiseGenerations(
  tx: Transaction,
  userIds: readonly string[],
  sequence: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO revocation_person (user_id, generation, sequence)
     SELECT user_id, 1, ? FROM ${tx.dialect.table('person', { user_id: 'text' })} WHERE true
     ON CONFLICT (user_id) DO UPDATE
     SET generation = revocation_person.generation + 1, sequence = excluded.sequence`,
    sequence,
    tx.dialect.rows(userIds.map((user_id) => ({ user_id }))),
  );
}

/** @param at Unix time in ms */
async function endEveryone(tx: Transaction, { reason, by }: Ending, at: number): Promise<void> {
  // The rows stay as they are: their epoch says that they are over.
  const sequence = await nextSequence(tx);
  await tx.run('UPDATE revocation_head SET epoch = epoch + 1, epoch_sequence = ?', sequence);
  await insertAudit(tx, { line: { event: 'everyone-ended', by, reason }, at });
}

/** Far beyond the epochs that emergency stops after the copy can have reached: none of them must come again. */
const EPOCH_JUMP = 1_000_000;

/** @param at Unix time in ms */
async function endRestored(tx: Transaction, reached: Position, at: number): Promise<void> {
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

/** @param at Unix time in ms. @returns false when the event was known already: then nothing is written */
async function applyEvent(
  tx: Transaction,
  event: EventName,
  { left, refresh, notes = [] }: EventEffect,
  at: number,
): Promise<boolean> {
  await lockHead(tx);
  if (!(await rememberEvent(tx, event, at))) return false;
  if (notes.length > 0) await rememberNotes(tx, notes, at);
  await endPeople(tx, left, { reason: 'left', by: 'event' }, {}, at);
  await enqueueRefresh(tx, refresh, at);
  return true;
}

function toSeconds(at: number): number {
  return Math.floor(at / 1000);
}
