import 'server-only';
import type { Parameter, Statements, Transaction } from '../storage/database';
import type { StoreParts } from '../storage/event-inbox';
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
  method: SessionRow['method'];
  client: string;
  issued_at: number;
  expires_at: number;
  last_seen: number;
  host: string | null;
  parent_id: string | null;
}

const LIVE = `ended_at IS NULL AND expires_at > ? AND epoch = (SELECT epoch FROM revocation_head)
  AND generation = coalesce((SELECT generation FROM revocation_person p WHERE p.user_id = s.user_id), 0)
  AND NOT EXISTS (SELECT 1 FROM session parent WHERE parent.id = s.parent_id AND parent.ended_at IS NOT NULL)`;

/** Lists and counts are of devices: sessions that came from another one are shown below it. */
const OWN = 's.parent_id IS NULL';
/** More hosts than a person opens within the life of a session. */
const MAX_OF_HOSTS = 500;

/** How long one process has for the re-check of a session. */
const RECHECK_SECONDS = 300;
const NOTED_AT_ONCE = 500;

export function createSessionList({ db, now }: StoreParts): SessionList {
  const seconds = () => Math.floor(now() / 1000);
  return {
    live: (filter) => readLive(db, filter, seconds()),
    ofHosts: (userId) => readOfHosts(db, userId, seconds()),
    countLive: () => countLive(db, seconds()),
    livePeople: (filter) => readLivePeople(db, filter, seconds()),
    liveCounts: () => readLiveCounts(db, seconds()),
    knowsPerson: async (userId) =>
      (await db.get('SELECT 1 AS one FROM session WHERE user_id = ? LIMIT 1', userId)) !== undefined,
    find: (id) => findLive(db, id, seconds()),
    noteSeen: async (seen) => {
      const rows = [...seen].map(([id, at]) => ({ id, at }));
      for (let at = 0; at < rows.length; at += NOTED_AT_ONCE)
        await noteSeen(db, rows.slice(at, at + NOTED_AT_ONCE));
    },
    lastSeen: async (id) =>
      (await db.get<{ last_seen: number }>('SELECT last_seen FROM session WHERE id = ?', id))?.last_seen,
    owners: (after, limit) => readOwners(db, after, limit, seconds()),
    leaseRecheck: (session) => db.transaction((tx) => leaseRecheck(tx, session, seconds())),
    completeRecheck: async (id) => {
      await db.run('UPDATE session SET checked = 1 WHERE id = ?', id);
    },
  };
}

async function noteSeen(db: Statements, rows: readonly { id: string; at: number }[]): Promise<void> {
  await db.run(
    `UPDATE session SET last_seen = seen.at FROM ${db.dialect.table('seen', { id: 'text', at: 'integer' })}
     WHERE session.id = seen.id AND session.last_seen < seen.at`,
    db.dialect.rows(rows),
  );
}

export async function insertSession(
  tx: Transaction,
  session: SealedSession & { client: ClientKind },
): Promise<void> {
  await tx.run(`INSERT INTO ${SESSION_VALUES}`, ...toValues(session));
}

/** A power cut can take the row of a session away, though not the cookie. */
async function restoreSession(tx: Transaction, session: SealedSession): Promise<void> {
  const values = toValues({ ...session, client: 'other-other' });
  await tx.run(`INSERT INTO ${SESSION_VALUES} ON CONFLICT DO NOTHING`, ...values);
}

const SESSION_VALUES = `session (id, user_id, name, method, client, generation, epoch, issued_at, expires_at, last_seen,
  host, parent_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function toValues(session: SealedSession & { client: ClientKind }): Parameter[] {
  const { id, userId, name, method, client, generation, epoch, issuedAt, expiresAt, host, parentId } =
    session;
  return [
    ...[id, userId, name, method, client, generation, epoch, issuedAt, expiresAt, issuedAt],
    host ?? null,
    parentId ?? null,
  ];
}

/** SQLite's LIKE takes large and small letters for the same, PostgreSQL's does not. */
const CONTAINS = "(lower(user_id) LIKE lower(?) ESCAPE '\\' OR lower(name) LIKE lower(?) ESCAPE '\\')";

async function countLive(from: Statements, now: number): Promise<number> {
  return (await from.get<{ n: number }>(`SELECT count(*) AS n FROM session s WHERE ${LIVE}`, now))!.n;
}

async function findLive(from: Statements, id: string, now: number): Promise<SessionRow | null> {
  const row = await from.get<Row>(`SELECT * FROM session s WHERE id = ? AND ${LIVE}`, id, now);
  return row ? toSessionRow(row) : null;
}

async function readLive(
  from: Statements,
  { userId, after, limit }: SessionFilter,
  now: number,
): Promise<SessionRow[]> {
  const conditions = [LIVE, OWN];
  const values: Parameter[] = [now];
  if (userId !== undefined) {
    conditions.push('user_id = ?');
    values.push(userId);
  }
  if (after !== undefined) {
    conditions.push('(issued_at, id) < (?, ?)');
    values.push(after.issuedAt, after.id);
  }
  const sql = `SELECT * FROM session s WHERE ${conditions.join(' AND ')} ORDER BY issued_at DESC, id DESC LIMIT ?`;
  return (await from.all<Row>(sql, ...values, limit)).map(toSessionRow);
}

async function readOfHosts(from: Statements, userId: string, now: number): Promise<SessionRow[]> {
  const sql = `SELECT * FROM session s WHERE user_id = ? AND NOT ${OWN} AND ${LIVE} ORDER BY host LIMIT ${MAX_OF_HOSTS}`;
  return (await from.all<Row>(sql, userId, now)).map(toSessionRow);
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

async function readLivePeople(
  from: Statements,
  { userId, text, orUserIds = [], after, limit }: PeopleFilter,
  now: number,
): Promise<LivePerson[]> {
  const values: Parameter[] = [now];
  let sql = `SELECT user_id, max(name) AS name, count(CASE WHEN ${OWN} THEN 1 END) AS sessions,
    max(last_seen) AS seen FROM session s WHERE ${LIVE}`;
  if (userId !== undefined) {
    sql += ' AND user_id = ?';
    values.push(userId);
  }
  if (text !== undefined) {
    sql += ` AND (${CONTAINS} OR ${from.dialect.isIn('user_id')})`;
    values.push(containing(text), containing(text), from.dialect.list(orUserIds));
  }
  sql += ' GROUP BY user_id';
  if (after !== undefined) {
    sql += ' HAVING (max(last_seen), user_id) < (?, ?)';
    values.push(after.lastSeen, after.userId);
  }
  const rows = await from.all<{ user_id: string; name: string; sessions: number; seen: number }>(
    `${sql} ORDER BY seen DESC, user_id DESC LIMIT ?`,
    ...values,
    limit,
  );
  return rows.map(({ user_id, name, sessions, seen }) => ({
    userId: user_id,
    name,
    sessions,
    lastSeen: seen,
  }));
}

async function readLiveCounts(from: Statements, now: number): Promise<LiveCounts> {
  const { people } = (await from.get<{ people: number }>(
    `SELECT count(DISTINCT user_id) AS people FROM session s WHERE ${LIVE}`,
    now,
  ))!;
  const clients = await from.all<{ client: ClientKind; sessions: number }>(
    `SELECT client, count(*) AS sessions FROM session s WHERE ${LIVE} AND ${OWN} GROUP BY client ORDER BY sessions DESC`,
    now,
  );
  return { people, clients };
}

async function readOwners(from: Statements, after: string, limit: number, now: number): Promise<string[]> {
  const sql = `SELECT DISTINCT user_id FROM session s WHERE user_id > ? AND ${LIVE} ORDER BY user_id LIMIT ?`;
  const rows = await from.all<Pick<Row, 'user_id'>>(sql, after, now, limit);
  return rows.map(({ user_id }) => user_id);
}

/** What changed after a sequence number. @param endedSince the oldest expiry for which an ending still matters */
export async function readChanges(
  from: Statements,
  since: number,
  endedSince: number,
): Promise<Pick<RevocationChanges, 'people' | 'sessions'>> {
  const people = await from.all<{ user_id: string; generation: number }>(
    'SELECT user_id, generation FROM revocation_person WHERE sequence > ?',
    since,
  );
  const sessions = await from.all<RevocationChanges['sessions'][number]>(
    'SELECT id, ended_reason AS reason FROM session WHERE ended_sequence > ? AND expires_at > ?',
    since,
    endedSince,
  );
  return {
    people: people.map(({ user_id, generation }) => ({ userId: user_id, generation })),
    sessions,
  };
}

/** In a transaction. `checked` is 1 once DingTalk has answered, before that the end of the present lease. */
async function leaseRecheck(tx: Transaction, session: SealedSession, now: number): Promise<RecheckLease> {
  await restoreSession(tx, session);
  const sql = 'UPDATE session SET checked = ? WHERE id = ? AND checked <> 1 AND checked < ?';
  if ((await tx.run(sql, now + RECHECK_SECONDS, session.id, now)) > 0) return 'claimed';
  const row = await tx.get<{ checked: number }>('SELECT checked FROM session WHERE id = ?', session.id);
  return row?.checked === 1 ? 'settled' : 'taken';
}

function toSessionRow(row: Row): SessionRow {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    method: row.method,
    client: row.client as ClientKind,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    lastSeen: row.last_seen,
    host: row.host ?? undefined,
    parentId: row.parent_id ?? undefined,
  };
}
