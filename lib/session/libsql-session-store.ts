import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { insertAudit } from '../storage/audit-line';
import {
  completeMissed,
  completeRefresh,
  enqueueRefresh,
  knowsEvent,
  readMissed,
  readRefreshJobs,
  rememberEvent,
  storeMissed,
  versionOf,
} from '../storage/event-inbox';
import { settleLeaver } from '../storage/leavers';
import { type Database, isBusy } from '../storage/sqlite';
import type {
  Ending,
  RecheckLease,
  RevocationChanges,
  SealedSession,
  SessionFilter,
  SessionRow,
  SessionStore,
  SessionVersion,
} from './session-store';
import type { ClientKind } from './user-agent';

/** How long a write waits for those of other processes, in turns of some milliseconds. */
const WRITE_PATIENCE_MS = 4000;
/** From one wait for the disk to the next: what comes meanwhile shares it. */
const GATHER_MS = 10;
const PRUNE_CHUNK = 500;
/** Sessions and endings are kept a little beyond their time: clocks differ. */
const KEEP_SECONDS = 86_400;
/** Above 1, so that what was left lying while nothing ran is caught up with; the longest session must not be overtaken. */
const HORIZON_SPEED = 1.1;
/** Events are remembered far longer than the window in which an old one would be taken. */
const KEEP_EVENTS_MS = 7 * 86_400_000;
/** So long whoever asks about a session has for it. */
const CHECK_SECONDS = 300;

interface Row {
  id: string;
  user_id: string;
  name: string;
  door: SessionRow['door'];
  client: string;
  issued_at: number;
  expires_at: number;
  last_seen: number;
}

interface Waiting {
  action: () => unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

const LIVE = `ended_at IS NULL AND expires_at > ? AND epoch = (SELECT epoch FROM revocation_head)
  AND generation = coalesce((SELECT generation FROM revocation_person p WHERE p.user_id = s.user_id), 0)`;

/**
 * Revocations in a libsql database.
 *
 * @param now Unix time in ms
 * @param elapsed ms on a clock that nobody sets
 */
export function createSessionStore(
  db: Database,
  now: () => number = Date.now,
  elapsed: () => number = now === Date.now ? () => performance.now() : now,
): SessionStore {
  const horizon = createHorizon(db, { now, elapsed });
  const seconds = () => Math.floor(now() / 1000);

  /** Waits for its turn without holding up the process. */
  async function patiently<T>(action: () => T): Promise<T> {
    const giveUpAt = performance.now() + WRITE_PATIENCE_MS;
    for (;;) {
      try {
        assertInPlace();
        return action();
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw error;
        await delay(5 + Math.random() * 20);
      }
    }
  }
  const write = <T>(action: () => T) => patiently(() => db.write(action));

  let group: Waiting[] = [];
  let wroteAt = Number.NEGATIVE_INFINITY;
  /** Who comes alone is written at once; a crowd shares transactions, and waits for the disk: leavers come in crowds. */
  function writeDurably<T>(action: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      group.push({ action, resolve: resolve as (value: unknown) => void, reject });
      if (group.length === 1) setTimeout(writeGroup, Math.max(0, wroteAt + GATHER_MS - performance.now()));
    });
  }

  async function writeGroup(): Promise<void> {
    const waiting = group;
    group = [];
    try {
      const values = await patiently(() => db.writeDurably(() => waiting.map(({ action }) => action())));
      for (const [index, { resolve }] of waiting.entries()) resolve(values[index]);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    } finally {
      wroteAt = performance.now();
    }
  }

  function assertInPlace(): void {
    if (!db.isInPlace()) throw new Error('the database file was moved or replaced while it was open');
  }

  /** One more change. @returns its number */
  function step(): number {
    db.run('UPDATE revocation_head SET sequence = sequence + 1');
    return head().sequence;
  }

  function head() {
    return db.get<{ epoch: number; epoch_sequence: number; sequence: number }>(
      'SELECT epoch, epoch_sequence, sequence FROM revocation_head',
    )!;
  }

  function person(userId: string) {
    return db.get<{ generation: number; sequence: number }>(
      'SELECT generation, sequence FROM revocation_person WHERE user_id = ?',
      userId,
    );
  }

  function endOne(
    { id, userId, expiresAt }: Pick<SessionRow, 'id' | 'userId' | 'expiresAt'>,
    { reason, by }: Ending,
    sequence: number,
  ): boolean {
    // The row may have been lost or dropped: the ending counts all the same.
    db.run(
      `INSERT OR IGNORE INTO session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
       VALUES (?, ?, '', '', '', 0, 0, 0, ?, 0)`,
      id,
      userId,
      expiresAt,
    );
    return (
      db.run(
        `UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ?, ended_sequence = ?
         WHERE id = ? AND ended_sequence IS NULL`,
        seconds(),
        reason,
        by,
        sequence,
        id,
      ) > 0
    );
  }

  function endOwner(userId: string, { reason, by }: Ending, sequence: number): void {
    db.run(
      `INSERT INTO revocation_person VALUES (?, 1, ?)
       ON CONFLICT (user_id) DO UPDATE SET generation = generation + 1, sequence = excluded.sequence`,
      userId,
      sequence,
    );
    settleLeaver(db, userId);
    db.run(
      'UPDATE session SET ended_at = ?, ended_reason = ?, ended_by = ? WHERE user_id = ? AND ended_at IS NULL',
      seconds(),
      reason,
      by,
      userId,
    );
  }

  function noteEnded(userId: string, { reason, by }: Ending): void {
    insertAudit(db, { event: 'person-ended', userId, by, reason }, now());
  }

  /** @returns how many sessions that were */
  function endFound(userIds: readonly string[], ending: Ending): number {
    if (userIds.length === 0) return 0;
    const sequence = step();
    let sessions = 0;
    for (const userId of new Set(userIds)) {
      const live = db.get<{ n: number }>(
        `SELECT count(*) AS n FROM session s WHERE user_id = ? AND ${LIVE}`,
        userId,
        seconds(),
      )!.n;
      endOwner(userId, ending, sequence);
      if (live > 0) noteEnded(userId, ending);
      sessions += live;
    }
    return sessions;
  }

  return {
    sequence: async () => {
      assertInPlace();
      return head().sequence;
    },
    changesSince: async (since) => {
      assertInPlace();
      return db.read((): RevocationChanges => {
        const { sequence, epoch } = head();
        if (sequence === since) return { sequence, epoch, people: [], sessions: [] };
        return {
          sequence,
          epoch,
          people: db
            .all<{ user_id: string; generation: number }>(
              'SELECT user_id, generation FROM revocation_person WHERE sequence > ?',
              since,
            )
            .map(({ user_id, generation }) => ({ userId: user_id, generation })),
          sessions: db
            .all<{ id: string; expires_at: number }>(
              'SELECT id, expires_at FROM session WHERE ended_sequence > ? AND expires_at > ?',
              since,
              seconds() - KEEP_SECONDS,
            )
            .map(({ id, expires_at }) => ({ id, expiresAt: expires_at })),
        };
      });
    },

    open: (session, { since, replaces, line }) => {
      const enter = (): SessionVersion | null => {
        const { epoch, epoch_sequence } = head();
        const owner = person(session.userId);
        if (epoch_sequence > since || (owner?.sequence ?? 0) > since) return null;
        if (replaces) endOne(replaces, { reason: 'replaced', by: replaces.userId }, step());
        const generation = owner?.generation ?? 0;
        db.run(
          `INSERT INTO session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          session.id,
          session.userId,
          session.name,
          session.door,
          session.client,
          generation,
          epoch,
          session.issuedAt,
          session.expiresAt,
          session.issuedAt,
        );
        insertAudit(db, line, now());
        return { generation, epoch };
      };
      // A new session that a power cut takes away is only missing in lists; an ending must not be.
      return replaces ? writeDurably(enter) : write(enter);
    },

    endSession: (session, ending) =>
      writeDurably(() => {
        if (!endOne(session, ending, step())) return;
        const event = ending.reason === 'signed-out' ? 'sign-out' : 'session-ended';
        const { userId, id: sessionId } = session;
        insertAudit(db, { event, userId, sessionId, by: ending.by, reason: ending.reason }, now());
      }),

    endPeople: (userIds, ending, told) =>
      writeDurably(() => {
        if (told && !rememberEvent(db, told, now())) return;
        const sequence = step();
        for (const userId of new Set(userIds)) {
          endOwner(userId, ending, sequence);
          noteEnded(userId, ending);
        }
      }),
    endGone: (userIds, ending) => writeDurably(() => endFound(userIds, ending)),
    endLeavers: (userIds, ending) =>
      writeDurably(() => {
        endFound(
          userIds.filter((userId) => settleLeaver(db, userId)),
          ending,
        );
      }),

    endEveryone: ({ reason, by }) =>
      writeDurably(() => {
        // The rows stay as they are: their epoch says that they are over.
        db.run('UPDATE revocation_head SET epoch = epoch + 1, epoch_sequence = ?', step());
        insertAudit(db, { event: 'everyone-ended', by, reason }, now());
      }),

    live: async (filter) => readLive(db, filter, seconds()),
    countLive: async () =>
      db.get<{ n: number }>(`SELECT count(*) AS n FROM session s WHERE ${LIVE}`, seconds())!.n,
    knowsPerson: async (userId) =>
      db.get('SELECT 1 FROM session WHERE user_id = ? LIMIT 1', userId) !== undefined,
    touch: () =>
      write(() => {
        db.run('UPDATE revocation_head SET sequence = sequence');
      }),
    find: async (id) => {
      const row = db.get<Row>(`SELECT * FROM session s WHERE id = ? AND ${LIVE}`, id, seconds());
      return row ? toSessionRow(row) : null;
    },
    noteSeen: (seen) =>
      write(() => {
        for (const [id, at] of seen)
          db.run('UPDATE session SET last_seen = ? WHERE id = ? AND last_seen < ?', at, id, at);
      }),
    lastSeen: async (id) =>
      db.get<{ last_seen: number }>('SELECT last_seen FROM session WHERE id = ?', id)?.last_seen,
    owners: async (after, limit) =>
      db
        .all<{ user_id: string }>(
          `SELECT DISTINCT user_id FROM session s WHERE user_id > ? AND ${LIVE} ORDER BY user_id LIMIT ?`,
          after,
          seconds(),
          limit,
        )
        .map(({ user_id }) => user_id),
    leaseRecheck: (session) =>
      write((): RecheckLease => {
        enterLost(db, session);
        const until = seconds() + CHECK_SECONDS;
        const sql = 'UPDATE session SET checked = ? WHERE id = ? AND checked <> 1 AND checked < ?';
        if (db.run(sql, until, session.id, seconds()) > 0) return 'claimed';
        const row = db.get<{ checked: number }>('SELECT checked FROM session WHERE id = ?', session.id);
        return row?.checked === 1 ? 'settled' : 'taken';
      }),
    completeRecheck: (id) =>
      write(() => {
        db.run('UPDATE session SET checked = 1 WHERE id = ?', id);
      }),

    knowsEvent: async (id) => knowsEvent(db, id),
    rememberEvent: async (told) =>
      !knowsEvent(db, told.event.id) && (await writeDurably(() => rememberEvent(db, told, now()))),
    enqueueRefresh: (stale) => write(() => enqueueRefresh(db, stale, now())),
    refreshJobs: async (olderThanMs) => readRefreshJobs(db, now() - olderThanMs),
    refreshVersion: async (stale) => versionOf(db, stale),
    completeRefresh: async (owed) => {
      if (owed.mark > 0) await write(() => completeRefresh(db, owed));
    },

    storeMissed: async (events) => {
      if (events.length > 0) await writeDurably(() => storeMissed(db, events));
    },
    missed: async (limit) => readMissed(db, limit),
    completeMissed: (id) => write(() => completeMissed(db, id)),

    prune: async () => {
      const old = [
        ['session', 'expires_at', await write(horizon.advance)],
        ['revocation_event', 'at', now() - KEEP_EVENTS_MS],
      ] as const;
      for (const [table, column, before] of old) {
        const dropSome = () =>
          db.run(
            `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${column} < ? LIMIT ${PRUNE_CHUNK})`,
            before,
          );
        while ((await write(dropSome)) === PRUNE_CHUNK) await delay(20);
      }
    },
  };
}

/**
 * Up to when expired rows are dropped. A clock that is ahead would drop endings of sessions that are good again when
 * it is set right; so the horizon goes on from where the database has it, hardly faster than time passes.
 */
function createHorizon(db: Database, { now, elapsed }: { now: () => number; elapsed: () => number }) {
  let begun: { horizon: number; at: number } | undefined;

  function begin(): typeof begun {
    const { horizon } = db.get<{ horizon: number | null }>(
      `SELECT coalesce(nullif(prune_horizon, 0), (SELECT min(expires_at) FROM session)) AS horizon
       FROM revocation_head`,
    )!;
    return horizon === null ? undefined : { horizon, at: elapsed() };
  }

  return {
    /** Inside a transaction. @returns Unix time in seconds; 0: there is nothing to drop */
    advance(): number {
      begun ??= begin();
      if (!begun) return 0;
      const reached = begun.horizon + Math.floor(((elapsed() - begun.at) / 1000) * HORIZON_SPEED);
      const horizon = Math.min(Math.floor(now() / 1000) - KEEP_SECONDS, reached);
      db.run('UPDATE revocation_head SET prune_horizon = max(prune_horizon, ?)', horizon);
      return horizon;
    },
  };
}

/** A power cut can take the row of a session away, though not the cookie. */
function enterLost(db: Database, session: SealedSession): void {
  db.run(
    `INSERT OR IGNORE INTO session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
     VALUES (?, ?, ?, ?, 'other-other', ?, ?, ?, ?, ?)`,
    session.id,
    session.userId,
    session.name,
    session.door,
    session.generation,
    session.epoch,
    session.issuedAt,
    session.expiresAt,
    session.issuedAt,
  );
}

function readLive(
  db: Database,
  { userId, text, after, limit }: SessionFilter,
  nowSeconds: number,
): SessionRow[] {
  const conditions = [LIVE];
  const values: (string | number)[] = [nowSeconds];
  if (userId !== undefined) {
    conditions.push('user_id = ?');
    values.push(userId);
  }
  if (text !== undefined) {
    conditions.push("(user_id LIKE ? ESCAPE '\\' OR name LIKE ? ESCAPE '\\')");
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    values.push(pattern, pattern);
  }
  if (after !== undefined) {
    conditions.push('(issued_at, id) < (?, ?)');
    values.push(after.issuedAt, after.id);
  }
  return db
    .all<Row>(
      `SELECT * FROM session s WHERE ${conditions.join(' AND ')} ORDER BY issued_at DESC, id DESC LIMIT ?`,
      ...values,
      limit,
    )
    .map(toSessionRow);
}

function toSessionRow(row: Row): SessionRow {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    door: row.door,
    client: row.client as ClientKind,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    lastSeen: row.last_seen,
  };
}
