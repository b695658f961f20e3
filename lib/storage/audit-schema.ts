import 'server-only';

export const auditSchema = `
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  user_id TEXT,
  actor TEXT,
  session_id TEXT,
  reason TEXT,
  detail TEXT,
  count INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_person ON audit (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_event ON audit (event, id);
CREATE INDEX audit_actor ON audit (actor, id) WHERE actor IS NOT NULL;
`;
