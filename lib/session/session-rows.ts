import 'server-only';
import type { Database } from '../storage/sqlite';
import type { StoreParts } from '../storage/writer';
import type {
  LiveCounts,
  LivePerson,
  PeopleFilter,
  RecheckLease,
  RevocationChanges,
  SealedSession,
  SessionFilter,
  SessionList,
  SessionRow,
} from './session-store';
import type { ClientKind } from './user-agent';

/** The rows of sessions. Times are Unix time in seconds. */

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

const LIVE = `ended_at IS NULL AND expires_at > ? AND epoch = (SELECT epoch FROM revocation_head)
  AND generation = coalesce((SELECT generation FROM revocation_person p WHERE p.user_id = s.user_id), 0)`;

/** How long one process has for the re-check of a session. */
const RECHECK_SECONDS = 300;

export function createSessionList({ db, writer: { write }, now }: StoreParts): SessionList {
  const seconds = () => Math.floor(now() / 1000);
  return {
    live: async (filter) => readLive(db, filter, seconds()),
    countLive: async () => countLive(db, seconds()),
    livePeople: async (filter) => readLivePeople(db, filter, seconds()),
    liveCounts: async () => readLiveCounts(db, seconds()),
    knowsPerson: async (userId) =>
      db.get('SELECT 1 FROM session WHERE user_id = ? LIMIT 1', userId) !== undefined,
    find: async (id) => findLive(db, id, seconds()),
    noteSeen: (seen) =>
      write(() => {
        for (const [id, at] of seen)
          db.run('UPDATE session SET last_seen = ? WHERE id = ? AND last_seen < ?', at, id, at);
      }),
    lastSeen: async (id) =>
      db.get<{ last_seen: number }>('SELECT last_seen FROM session WHERE id = ?', id)?.last_seen,
    owners: async (after, limit) => readOwners(db, after, limit, seconds()),
    leaseRecheck: (session) => write(() => leaseRecheck(db, session, seconds())),
    completeRecheck: (id) =>
      write(() => {
        db.run('UPDATE session SET checked = 1 WHERE id = ?', id);
      }),
  };
}

export function insertSession(db: Database, session: SealedSession & { client: ClientKind }): void {
  db.run(`INSERT INTO ${SESSION_VALUES}`, ...toValues(session));
}

/** A power cut can take the row of a session away, though not the cookie. */
function restoreSession(db: Database, session: SealedSession): void {
  db.run(`INSERT OR IGNORE INTO ${SESSION_VALUES}`, ...toValues({ ...session, client: 'other-other' }));
}

const SESSION_VALUES = `session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function toValues(session: SealedSession & { client: ClientKind }): (string | number)[] {
  const { id, userId, name, door, client, generation, epoch, issuedAt, expiresAt } = session;
  return [id, userId, name, door, client, generation, epoch, issuedAt, expiresAt, issuedAt];
}

function countLive(db: Database, now: number): number {
  return db.get<{ n: number }>(`SELECT count(*) AS n FROM session s WHERE ${LIVE}`, now)!.n;
}

export function countLiveOf(db: Database, userId: string, now: number): number {
  const sql = `SELECT count(*) AS n FROM session s WHERE user_id = ? AND ${LIVE}`;
  return db.get<{ n: number }>(sql, userId, now)!.n;
}

function findLive(db: Database, id: string, now: number): SessionRow | null {
  const row = db.get<Row>(`SELECT * FROM session s WHERE id = ? AND ${LIVE}`, id, now);
  return row ? toSessionRow(row) : null;
}

function readLive(db: Database, { userId, after, limit }: SessionFilter, now: number): SessionRow[] {
  const conditions = [LIVE];
  const values: (string | number)[] = [now];
  if (userId !== undefined) {
    conditions.push('user_id = ?');
    values.push(userId);
  }
  if (after !== undefined) {
    conditions.push('(issued_at, id) < (?, ?)');
    values.push(after.issuedAt, after.id);
  }
  const sql = `SELECT * FROM session s WHERE ${conditions.join(' AND ')} ORDER BY issued_at DESC, id DESC LIMIT ?`;
  return db.all<Row>(sql, ...values, limit).map(toSessionRow);
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

function readLivePeople(
  db: Database,
  { userId, text, orUserIds = [], after, limit }: PeopleFilter,
  now: number,
): LivePerson[] {
  const values: (string | number)[] = [now];
  let sql = `SELECT user_id, max(name) AS name, count(*) AS sessions, max(last_seen) AS seen FROM session s WHERE ${LIVE}`;
  if (userId !== undefined) {
    sql += ' AND user_id = ?';
    values.push(userId);
  }
  if (text !== undefined) {
    sql += ` AND (user_id LIKE ? ESCAPE '\\' OR name LIKE ? ESCAPE '\\' OR user_id IN (SELECT value FROM json_each(?)))`;
    values.push(containing(text), containing(text), JSON.stringify(orUserIds));
  }
  sql += ' GROUP BY user_id';
  if (after !== undefined) {
    sql += ' HAVING (max(last_seen), user_id) < (?, ?)';
    values.push(after.lastSeen, after.userId);
  }
  return db
    .all<{ user_id: string; name: string; sessions: number; seen: number }>(
      `${sql} ORDER BY seen DESC, user_id DESC LIMIT ?`,
      ...values,
      limit,
    )
    .map(({ user_id, name, sessions, seen }) => ({ userId: user_id, name, sessions, lastSeen: seen }));
}

function readLiveCounts(db: Database, now: number): LiveCounts {
  const { people } = db.get<{ people: number }>(
    `SELECT count(DISTINCT user_id) AS people FROM session s WHERE ${LIVE}`,
    now,
  )!;
  const clients = db.all<{ client: string; sessions: number }>(
    `SELECT client, count(*) AS sessions FROM session s WHERE ${LIVE} GROUP BY client ORDER BY sessions DESC`,
    now,
  );
  return { people, clients: clients.map((one) => ({ ...one, client: one.client as ClientKind })) };
}

function readOwners(db: Database, after: string, limit: number, now: number): string[] {
  const sql = `SELECT DISTINCT user_id FROM session s WHERE user_id > ? AND ${LIVE} ORDER BY user_id LIMIT ?`;
  return db.all<Pick<Row, 'user_id'>>(sql, after, now, limit).map(({ user_id }) => user_id);
}

/** What changed after a sequence number. @param endedSince the oldest expiry for which an ending still matters */
export function readChanges(
  db: Database,
  since: number,
  endedSince: number,
): Omit<RevocationChanges, 'epoch' | 'sequence'> {
  const people = db.all<{ user_id: string; generation: number }>(
    'SELECT user_id, generation FROM revocation_person WHERE sequence > ?',
    since,
  );
  const sessions = db.all<Pick<Row, 'id' | 'expires_at'>>(
    'SELECT id, expires_at FROM session WHERE ended_sequence > ? AND expires_at > ?',
    since,
    endedSince,
  );
  return {
    people: people.map(({ user_id, generation }) => ({ userId: user_id, generation })),
    sessions: sessions.map(({ id, expires_at }) => ({ id, expiresAt: expires_at })),
  };
}

/** In a transaction. `checked` is 1 once DingTalk has answered, before that the end of the present lease. */
function leaseRecheck(db: Database, session: SealedSession, now: number): RecheckLease {
  restoreSession(db, session);
  const sql = 'UPDATE session SET checked = ? WHERE id = ? AND checked <> 1 AND checked < ?';
  if (db.run(sql, now + RECHECK_SECONDS, session.id, now) > 0) return 'claimed';
  const row = db.get<{ checked: number }>('SELECT checked FROM session WHERE id = ?', session.id);
  return row?.checked === 1 ? 'settled' : 'taken';
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
