import 'server-only';
import { insertAudit } from '../storage/audit-line';
import { enqueueRefresh, knowsEvent, rememberEvent } from '../storage/event-inbox';
import { settleLeaver } from '../storage/leavers';
import type { Database } from '../storage/sqlite';
import type { StoreParts } from '../storage/writer';
import { KEEP_SECONDS } from './prune-horizon';
import { countLiveOf, insertSession, readChanges } from './session-rows';
import type {
  EndedSession,
  Ending,
  EndingOptions,
  EventEffect,
  EventName,
  Revocations,
  SessionVersion,
} from './session-store';

/** @param assertInPlace throws where the database file was replaced: its sequence numbers are of another history */
export function createRevocations({
  db,
  writer: { write, writeDurably },
  now,
  assertInPlace,
}: StoreParts & { assertInPlace(): void }): Revocations {
  return {
    sequence: async () => {
      assertInPlace();
      return readHead(db).sequence;
    },
    changesSince: async (since) => {
      assertInPlace();
      return db.read(() => {
        const { sequence, epoch } = readHead(db);
        if (sequence === since) return { sequence, epoch, people: [], sessions: [] };
        const endedSince = Math.floor(now() / 1000) - KEEP_SECONDS;
        return { sequence, epoch, ...readChanges(db, since, endedSince) };
      });
    },
    open: (session, { since, replaces, line }) => {
      const enter = (): SessionVersion | null => {
        const { epoch, epoch_sequence } = readHead(db);
        const owner = readPerson(db, session.userId);
        if (epoch_sequence > since || (owner?.sequence ?? 0) > since) return null;
        if (replaces) endOne(db, replaces, { reason: 'replaced', by: replaces.userId }, now());
        const version = { generation: owner?.generation ?? 0, epoch };
        insertSession(db, { ...session, ...version });
        insertAudit(db, line, now());
        return version;
      };
      // A new session that a power cut takes away is only missing in lists; an ending must not be.
      return replaces ? writeDurably(enter) : write(enter);
    },
    endSession: (session, ending) =>
      writeDurably(() => {
        if (!endOne(db, session, ending, now())) return;
        const event = ending.reason === 'signed-out' ? 'sign-out' : 'session-ended';
        const { userId, id: sessionId } = session;
        insertAudit(db, { event, userId, sessionId, by: ending.by, reason: ending.reason }, now());
      }),
    endPeople: (userIds, ending, options = {}) =>
      writeDurably(() => endPeople(db, userIds, ending, options, now())),
    endEveryone: (ending) => writeDurably(() => endEveryone(db, ending, now())),
    applyEvent: async (event, effect) =>
      !knowsEvent(db, event.id) && (await writeDurably(() => applyEvent(db, event, effect, now()))),
  };
}

interface Head {
  epoch: number;
  /** The change that set the epoch. */
  epoch_sequence: number;
  sequence: number;
}

function readHead(db: Database): Head {
  return db.get<Head>('SELECT epoch, epoch_sequence, sequence FROM revocation_head')!;
}

function readPerson(db: Database, userId: string) {
  return db.get<{ generation: number; sequence: number }>(
    'SELECT generation, sequence FROM revocation_person WHERE user_id = ?',
    userId,
  );
}

/** One more change. @returns its number */
function nextSequence(db: Database): number {
  db.run('UPDATE revocation_head SET sequence = sequence + 1');
  return readHead(db).sequence;
}

/** @param at Unix time in ms. @returns false when the session had ended before */
function endOne(
  db: Database,
  { id, userId, expiresAt }: EndedSession,
  { reason, by }: Ending,
  at: number,
): boolean {
  // The row may have been lost or dropped: the ending counts all the same.
  db.run(
    `INSERT OR IGNORE INTO session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
     VALUES (?, ?, '', '', '', 0, 0, 0, ?, 0)`,
    id,
    userId,
    expiresAt,
  );
  const sql = `UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ?, ended_sequence = ?
    WHERE id = ? AND ended_sequence IS NULL`;
  return db.run(sql, toSeconds(at), reason, by, nextSequence(db), id) > 0;
}

/** @param at Unix time in ms. @returns how many sessions ended, as far as is known */
function endPeople(
  db: Database,
  userIds: readonly string[],
  ending: Ending,
  { auditsLiveOnly = false, leaversOnly = false }: EndingOptions,
  at: number,
): number {
  const named = leaversOnly ? userIds.filter((userId) => settleLeaver(db, userId)) : userIds;
  if (named.length === 0) return 0;
  const sequence = nextSequence(db);
  let count = 0;
  for (const userId of new Set(named)) {
    const live = countLiveOf(db, userId, toSeconds(at));
    endOwner(db, userId, ending, sequence, at);
    if (live > 0 || !auditsLiveOnly) {
      insertAudit(db, { event: 'person-ended', userId, by: ending.by, reason: ending.reason }, at);
    }
    count += live;
  }
  return count;
}

function endOwner(db: Database, userId: string, { reason, by }: Ending, sequence: number, at: number): void {
  db.run(
    `INSERT INTO revocation_person VALUES (?, 1, ?)
     ON CONFLICT (user_id) DO UPDATE SET generation = generation + 1, sequence = excluded.sequence`,
    userId,
    sequence,
  );
  settleLeaver(db, userId);
  db.run(
    'UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ? WHERE user_id = ? AND ended_at IS NULL',
    toSeconds(at),
    reason,
    by,
    userId,
  );
}

/** @param at Unix time in ms */
function endEveryone(db: Database, { reason, by }: Ending, at: number): void {
  // The rows stay as they are: their epoch says that they are over.
  db.run('UPDATE revocation_head SET epoch = epoch + 1, epoch_sequence = ?', nextSequence(db));
  insertAudit(db, { event: 'everyone-ended', by, reason }, at);
}

/** @param at Unix time in ms. @returns false when the event was known already: then nothing is written */
function applyEvent(db: Database, event: EventName, { left, refresh }: EventEffect, at: number) {
  if (!rememberEvent(db, event, at)) return false;
  endPeople(db, left, { reason: 'left', by: 'event' }, {}, at);
  enqueueRefresh(db, refresh, at);
  return true;
}

function toSeconds(at: number): number {
  return Math.floor(at / 1000);
}
