import 'server-only';

/**
 * `called`: calls of a month (`2026-11`, Beijing) that count against DingTalk's quota.
 *
 * A notice goes out in tasks of some receivers each. State of a task: `waiting`; `sending`, from before it is sent until
 * the answer is known: it may have been sent; `sent`; `unknown`, may have been sent on another day; `failed`; `recalled`.
 * `due_at` is when it is its turn: to be sent, or to have its result fetched. Times are Unix time in ms; `day` is the day
 * of Beijing on which it was first tried.
 *
 * `notice_reached`: what each person got on a day, by the content's digest.
 */
export const noticeSchema = `
CREATE TABLE called (
  month TEXT NOT NULL,
  kind TEXT NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (month, kind)
) WITHOUT ROWID;

CREATE TABLE notice (
  id TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  page TEXT NOT NULL,
  digest TEXT NOT NULL,
  wants_result INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX notice_created ON notice (created_at);

CREATE TABLE notice_task (
  notice_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  due_at INTEGER,
  day TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  attempted_at INTEGER,
  receivers INTEGER NOT NULL,
  sent_at INTEGER,
  task_id INTEGER,
  looks INTEGER NOT NULL DEFAULT 0,
  problem TEXT,
  PRIMARY KEY (notice_id, number)
) WITHOUT ROWID;
CREATE INDEX notice_task_due ON notice_task (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notice_task_attempted ON notice_task (attempted_at) WHERE attempted_at IS NOT NULL;

CREATE TABLE notice_receiver (
  notice_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  code TEXT,
  PRIMARY KEY (notice_id, user_id)
) WITHOUT ROWID;
CREATE INDEX notice_receiver_task ON notice_receiver (notice_id, number);

CREATE TABLE notice_reached (
  day TEXT NOT NULL,
  user_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  notice_id TEXT NOT NULL,
  PRIMARY KEY (day, user_id, digest)
) WITHOUT ROWID;
`;
