import 'server-only';
import type { Dialect } from './dialect';

/**
 * What is published, and beside it what a run reads (`run_…`) until one transaction brings the difference over. Of a
 * person whose published row says the same, the run keeps that it saw them.
 */
export const directorySchema = ({ fullText }: Dialect) => `
CREATE TABLE directory_head (
  id INTEGER PRIMARY KEY,
  -- Another one whenever the snapshot, a department or its rules change.
  revision INTEGER NOT NULL,
  -- Another one whenever a person comes, goes or moves.
  moves INTEGER NOT NULL,
  people INTEGER NOT NULL,
  departments INTEGER NOT NULL,
  -- Unix time in ms; null before the first publication.
  as_of INTEGER,
  complete_as_of INTEGER,
  -- When DingTalk last said who the administrators are; Unix time in ms.
  administrators_at INTEGER NOT NULL
);
INSERT INTO directory_head VALUES (1, 0, 0, 0, 0, NULL, NULL, 0);

CREATE TABLE directory_department (
  department_id INTEGER NOT NULL PRIMARY KEY,
  parent_id INTEGER,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  rules TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE directory_person (
  id INTEGER NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL UNIQUE,
  record TEXT NOT NULL
);
CREATE TABLE directory_place (
  user_id TEXT NOT NULL,
  department_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  leader INTEGER NOT NULL,
  PRIMARY KEY (user_id, department_id)
) WITHOUT ROWID;
CREATE INDEX directory_place_department ON directory_place (department_id, position, user_id);
CREATE TABLE directory_role (
  role_id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  group_name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE directory_role_member (
  user_id TEXT NOT NULL,
  role_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, role_id)
) WITHOUT ROWID;
CREATE INDEX directory_role_member_role ON directory_role_member (role_id);
CREATE TABLE directory_administrator (user_id TEXT NOT NULL PRIMARY KEY, main INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE directory_detail (
  user_id TEXT NOT NULL PRIMARY KEY,
  manager_user_id TEXT,
  checked_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE directory_key (
  kind INTEGER NOT NULL,
  inactive INTEGER NOT NULL,
  key TEXT NOT NULL,
  person_id INTEGER NOT NULL,
  PRIMARY KEY (kind, inactive, key, person_id)
) WITHOUT ROWID;
-- Everything by which a person is found, so that the index can intersect the words of a query by itself.
${fullText.create('directory_text')};

-- People who are gone and whose sessions are still to be ended.
CREATE TABLE directory_leaver (user_id TEXT NOT NULL PRIMARY KEY, note TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE directory_lease (
  id INTEGER PRIMARY KEY,
  owner TEXT,
  until INTEGER NOT NULL,
  fence INTEGER NOT NULL
);
INSERT INTO directory_lease VALUES (1, NULL, 0, 0);

CREATE TABLE directory_run (
  id INTEGER NOT NULL PRIMARY KEY,
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
CREATE TABLE run_task (
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  cursor INTEGER NOT NULL DEFAULT 0,
  pass INTEGER NOT NULL DEFAULT 1,
  done INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, subject)
) WITHOUT ROWID;
CREATE TABLE run_department (
  department_id INTEGER NOT NULL PRIMARY KEY,
  parent_id INTEGER,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  rules TEXT
) WITHOUT ROWID;
CREATE TABLE run_person (
  -- In the order in which they were read: the indexes yield them so, where nothing else tells.
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT NOT NULL UNIQUE,
  -- Null where the published one stands.
  record TEXT,
  -- All departments that DingTalk named with the person, as JSON.
  departments TEXT
);
-- By what those of them are found who are not published yet.
CREATE TABLE run_key (
  kind INTEGER NOT NULL,
  inactive INTEGER NOT NULL,
  key TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (kind, inactive, key, number)
) WITHOUT ROWID;
CREATE TABLE run_text (number INTEGER NOT NULL PRIMARY KEY, inactive INTEGER NOT NULL, words TEXT NOT NULL);
CREATE TABLE run_place (
  user_id TEXT NOT NULL,
  department_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  leader INTEGER NOT NULL,
  PRIMARY KEY (user_id, department_id)
) WITHOUT ROWID;
CREATE INDEX run_place_department ON run_place (department_id);
CREATE TABLE run_role (
  role_id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  group_name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE run_role_member (
  role_id INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (role_id, user_id)
) WITHOUT ROWID;
-- Reported one by one while the run reads, and therefore newer than what it read; with places that only the run may know.
CREATE TABLE run_told_person (user_id TEXT NOT NULL PRIMARY KEY, places TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE run_told_department (department_id INTEGER NOT NULL PRIMARY KEY) WITHOUT ROWID;
`;
