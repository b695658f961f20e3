import 'server-only';
import { type AuditLine, insertAudit } from '../storage/audit-line';
import type { Statements, Transaction } from '../storage/database';
import { enqueueRefresh, rememberEvent, type StoreParts } from '../storage/event-inbox';
import type { LeaverNote } from '../storage/leavers';
import { KEEP_SECONDS } from './prune-horizon';
import { endRestored, type Head, lockHead, nextSequence, readHead, toState } from './revocation-head';
import { insertSession, readChanges } from './session-rows';
import type {
  EndedSession,
  Ending,
  EndingOptions,
  EventEffect,
  EventName,
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
        const head = replaces ? await lockHead(tx) : await readHead(tx);
        const { epoch, epoch_sequence, database_id } = head;
        const owner = await readPerson(tx, session.userId);
        if (epoch_sequence > since || (owner?.sequence ?? 0) > since) return null;
        if (replaces) await endOne(tx, head, replaces, { reason: 'replaced', by: replaces.userId }, now());
        const version = {
          generation: owner?.generation ?? 0,
          epoch,
          sequence: head.sequence,
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
        if (!(await endOne(tx, await lockHead(tx), session, ending, now()))) return;
        const event = ending.reason === 'signed-out' ? 'sign-out' : 'session-ended';
        const { userId, id: sessionId, host: detail } = session;
        const line: AuditLine = { event, userId, sessionId, by: ending.by, reason: ending.reason, detail };
        await insertAudit(tx, { line, at: now() });
      }, DURABLE),
    endPeople: (userIds, ending, options = {}) =>
      db.transaction(
        async (tx) => endPeople(tx, await lockHead(tx), userIds, ending, options, now()),
        DURABLE,
      ),
    endEveryone: (ending) => db.transaction((tx) => endEveryone(tx, ending, now()), DURABLE),
    endRestored: (reached) => db.transaction((tx) => endRestored(tx, reached, now()), DURABLE),
    applyEvent: (event, effect) => db.transaction((tx) => applyEvent(tx, event, effect, now()), DURABLE),
  };
}

function readPerson(from: Statements, userId: string) {
  const sql = 'SELECT generation, sequence FROM revocation_person WHERE user_id = ?';
  return from.get<{ generation: number; sequence: number }>(sql, userId);
}

/** @param at Unix time in ms. @returns false when the session had ended before */
async function endOne(
  tx: Transaction,
  head: Head,
  { id, userId, expiresAt }: EndedSession,
  { reason, by }: Ending,
  at: number,
): Promise<boolean> {
  const sequence = await nextSequence(tx, head);
  // The row may have been lost or dropped: the ending counts all the same.
  await tx.run(
    `INSERT INTO session (id, user_id, name, method, client, generation, epoch, issued_at, expires_at, last_seen)
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
  head: Head,
  userIds: readonly string[],
  ending: Ending,
  { auditsLiveOnly = false, notes }: EndingOptions,
  at: number,
): Promise<number> {
  if (userIds.length === 0) return 0;
  const named = notes ? await rememberNotes(tx, notes, at) : new Set(userIds);
  const people = userIds.filter((userId) => named.delete(userId));
  if (people.length === 0) return 0;
  const generations = await raiseGenerations(tx, people, await nextSequence(tx, head));
  const ended = await tx.all<SessionVersionRow>(
    `UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ?
     WHERE ended_at IS NULL AND ${tx.dialect.isIn('user_id')}
     RETURNING user_id, generation, epoch, expires_at`,
    toSeconds(at),
    ending.reason,
    ending.by,
    tx.dialect.list(people),
  );
  // What had expired, or was over under its numbers, does not end now.
  const live = ended.filter(
    ({ user_id, generation, epoch, expires_at }) =>
      expires_at > toSeconds(at) && epoch === head.epoch && generation + 1 === generations.get(user_id),
  );
  const owners = new Set(live.map(({ user_id }) => user_id));
  const audited = auditsLiveOnly ? people.filter((userId) => owners.has(userId)) : people;
  const lines = audited.map((userId): AuditLine => {
    return { event: 'person-ended', userId, by: ending.by, reason: ending.reason };
  });
  await insertAudit(tx, ...lines.map((line) => ({ line, at })));
  return live.length;
}

interface SessionVersionRow {
  user_id: string;
  generation: number;
  epoch: number;
  expires_at: number;
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

/** @returns the new generations */
async function raiseGenerations(
  tx: Transaction,
  userIds: readonly string[],
  sequence: number,
): Promise<Map<string, number>> {
  const rows = await tx.all<{ user_id: string; generation: number }>(
    `INSERT INTO revocation_person (user_id, generation, sequence)
     SELECT user_id, 1, ? FROM ${tx.dialect.table('person', { user_id: 'text' })} WHERE true
     ON CONFLICT (user_id) DO UPDATE
     SET generation = revocation_person.generation + 1, sequence = excluded.sequence
     RETURNING user_id, generation`,
    sequence,
    tx.dialect.rows(userIds.map((user_id) => ({ user_id }))),
  );
  return new Map(rows.map(({ user_id, generation }) => [user_id, generation]));
}

/** @param at Unix time in ms */
async function endEveryone(tx: Transaction, { reason, by }: Ending, at: number): Promise<void> {
  // The rows stay as they are: their epoch says that they are over.
  const sequence = await nextSequence(tx, await lockHead(tx));
  await tx.run('UPDATE revocation_head SET epoch = epoch + 1, epoch_sequence = ?', sequence);
  await insertAudit(tx, { line: { event: 'everyone-ended', by, reason }, at });
}

/** @param at Unix time in ms. @returns false when the event was known already: then nothing is written */
async function applyEvent(
  tx: Transaction,
  event: EventName,
  { left, refresh, notes = [] }: EventEffect,
  at: number,
): Promise<boolean> {
  const head = await lockHead(tx);
  if (!(await rememberEvent(tx, event, at))) return false;
  if (notes.length > 0) await rememberNotes(tx, notes, at);
  await endPeople(tx, head, left, { reason: 'left', by: 'event' }, {}, at);
  await enqueueRefresh(tx, refresh, at);
  return true;
}

function toSeconds(at: number): number {
  return Math.floor(at / 1000);
}
