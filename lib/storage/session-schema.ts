import 'server-only';
import type { Dialect } from './dialect';

/**
 * `sequence` is one more with each change that others have to learn: it is taken from the locked head row, in the
 * transaction that it numbers. A database sequence would let 11 be committed before 10, and a poll that has seen 11 would
 * never see the ending 10. The first epoch is a number that no other database has: sessions of a database that was lost
 * are over with it, because it is not known which were revoked.
 * `checked` is 1 once DingTalk has answered about the session's owner, 0 before, and until then, while a process asks,
 * the Unix time at which their turn ends.
 */
export const sessionSchema = ({ random }: Dialect) => `
CREATE TABLE revocation_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  epoch_sequence INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  -- By which a copy of this database is told from another database.
  database_id INTEGER NOT NULL,
  -- Up to when rows may be dropped; Unix time in seconds. 0: never dropped any yet.
  prune_horizon INTEGER NOT NULL DEFAULT 0,
  -- When an older copy was noticed in the database's place; Unix time in ms.
  restored_at INTEGER
);
INSERT INTO revocation_head VALUES (1, 1 + ${random}, 0, 0, ${random}, 0, NULL);

CREATE TABLE revocation_person (
  user_id TEXT PRIMARY KEY,
  generation INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX revocation_person_sequence ON revocation_person (sequence);

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  door TEXT NOT NULL,
  client TEXT NOT NULL,
  generation INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  checked INTEGER NOT NULL DEFAULT 0,
  ended_at INTEGER,
  ended_reason TEXT,
  ended_by TEXT,
  ended_sequence INTEGER
) WITHOUT ROWID;
CREATE INDEX session_person ON session (user_id, issued_at);
CREATE INDEX session_issued ON session (issued_at, id);
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_ended ON session (ended_sequence) WHERE ended_sequence IS NOT NULL;

CREATE TABLE event (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX event_at ON event (at);

CREATE TABLE refresh_job (
  key TEXT PRIMARY KEY,
  target TEXT NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE missed_event (id TEXT PRIMARY KEY, event TEXT NOT NULL) WITHOUT ROWID;
`;

/** Sign-in methods have the names of OAuth and of the DingTalk client's webview. */
export const sessionMethodSchema = `
ALTER TABLE session RENAME COLUMN door TO method;
UPDATE session SET method = 'webview' WHERE method = 'client';
UPDATE session SET method = 'oauth' WHERE method = 'browser';
`;
