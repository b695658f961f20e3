import 'server-only';

/** Rows that stand have this as their end. The largest whole number that JavaScript counts exactly. */
export const OPEN_END = 9007199254740991;

/**
 * Rows carry the generations for which they stand: `from_generation` ≤ g < `to_generation`. A run writes the next
 * generation beside the one that is read, and one small transaction moves the head. What a run has seen is kept
 * apart (`directory_seen_*`), so that a row that did not change is not written.
 */
export const directorySchema = `
CREATE TABLE directory_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL,
  last_generation INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  people INTEGER NOT NULL,
  as_of INTEGER,
  complete_as_of INTEGER,
  -- When DingTalk last said who the administrators are; Unix time in ms.
  administrators_at INTEGER NOT NULL DEFAULT 0
);
INSERT INTO directory_head VALUES (1, 0, 0, 0, 0, NULL, NULL, 0);

CREATE TABLE directory_department (
  department_id INTEGER NOT NULL,
  from_generation INTEGER NOT NULL,
  to_generation INTEGER NOT NULL DEFAULT ${OPEN_END},
  parent_id INTEGER,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (department_id, from_generation)
) WITHOUT ROWID;
CREATE TABLE directory_count (
  department_id INTEGER PRIMARY KEY,
  own INTEGER NOT NULL,
  below INTEGER NOT NULL,
  below_public INTEGER NOT NULL
);

CREATE TABLE directory_member (
  id INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  from_generation INTEGER NOT NULL,
  to_generation INTEGER NOT NULL DEFAULT ${OPEN_END},
  record TEXT NOT NULL
);
CREATE INDEX directory_member_user ON directory_member (user_id);
CREATE INDEX directory_member_from ON directory_member (from_generation);
CREATE INDEX directory_member_to ON directory_member (to_generation) WHERE to_generation < ${OPEN_END};

CREATE TABLE directory_membership (
  department_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  from_generation INTEGER NOT NULL,
  to_generation INTEGER NOT NULL DEFAULT ${OPEN_END},
  leader INTEGER NOT NULL,
  PRIMARY KEY (department_id, position, user_id, from_generation)
) WITHOUT ROWID;
CREATE INDEX directory_membership_user ON directory_membership (user_id);
CREATE INDEX directory_membership_from ON directory_membership (from_generation);
CREATE INDEX directory_membership_to ON directory_membership (to_generation) WHERE to_generation < ${OPEN_END};

CREATE TABLE directory_role (
  role_id INTEGER NOT NULL,
  from_generation INTEGER NOT NULL,
  to_generation INTEGER NOT NULL DEFAULT ${OPEN_END},
  name TEXT NOT NULL,
  group_name TEXT NOT NULL,
  PRIMARY KEY (role_id, from_generation)
) WITHOUT ROWID;
CREATE TABLE directory_role_member (
  user_id TEXT NOT NULL,
  role_id INTEGER NOT NULL,
  from_generation INTEGER NOT NULL,
  to_generation INTEGER NOT NULL DEFAULT ${OPEN_END},
  PRIMARY KEY (user_id, role_id, from_generation)
) WITHOUT ROWID;

CREATE TABLE directory_administrator (user_id TEXT PRIMARY KEY, main INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE directory_detail (
  user_id TEXT PRIMARY KEY,
  manager_user_id TEXT,
  checked_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE directory_key (
  kind INTEGER NOT NULL,
  inactive INTEGER NOT NULL,
  key TEXT NOT NULL,
  member_id INTEGER NOT NULL,
  PRIMARY KEY (kind, inactive, key, member_id)
) WITHOUT ROWID;
-- Everything by which a person is found in one index, so that it can intersect the words of a query by itself.
CREATE VIRTUAL TABLE directory_text USING fts5(
  name, rest, keys, mobile, hidden_mobile, content='', contentless_delete=1, prefix='1 2', tokenize='unicode61'
);

CREATE TABLE directory_lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  owner TEXT,
  until INTEGER NOT NULL,
  fence INTEGER NOT NULL
);
INSERT INTO directory_lease VALUES (1, NULL, 0, 0);

CREATE TABLE directory_run (
  id INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_by TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  touched_at INTEGER NOT NULL,
  ended_at INTEGER,
  added INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,
  people INTEGER NOT NULL DEFAULT 0,
  departments INTEGER NOT NULL DEFAULT 0,
  calls INTEGER NOT NULL DEFAULT 0,
  missing TEXT NOT NULL DEFAULT '[]',
  skipped TEXT NOT NULL DEFAULT '[]',
  administrators TEXT,
  progress TEXT
);
CREATE TABLE directory_task (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  cursor INTEGER NOT NULL DEFAULT 0,
  pass INTEGER NOT NULL DEFAULT 1,
  done INTEGER NOT NULL DEFAULT 0,
  UNIQUE (kind, subject)
);
CREATE TABLE directory_seen_department (
  department_id INTEGER PRIMARY KEY,
  parent_id INTEGER,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  rules TEXT
);
CREATE TABLE directory_seen_member (user_id TEXT PRIMARY KEY, departments TEXT) WITHOUT ROWID;
CREATE TABLE directory_seen_membership (
  department_id INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (department_id, user_id)
) WITHOUT ROWID;
CREATE INDEX directory_seen_membership_user ON directory_seen_membership (user_id);
CREATE TABLE directory_seen_role (role_id INTEGER PRIMARY KEY, name TEXT NOT NULL, group_name TEXT NOT NULL);
CREATE TABLE directory_seen_role_member (
  role_id INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (role_id, user_id)
) WITHOUT ROWID;
CREATE TABLE directory_touched (user_id TEXT PRIMARY KEY, places TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
CREATE TABLE directory_leaver (user_id TEXT PRIMARY KEY, note TEXT NOT NULL) WITHOUT ROWID;
`;
