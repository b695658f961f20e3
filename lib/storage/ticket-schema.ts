import 'server-only';

/**
 * One-time tickets, by the hash of what the browser brings: a copy of the database opens nothing. `session` is the JSON of
 * what the ticket's session is made of. Sessions of protected hosts have a host, and
 * most a session that they came from.
 */
export const ticketSchema = `
CREATE TABLE ticket (
  hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  user_id TEXT NOT NULL,
  host TEXT NOT NULL,
  nonce_hash TEXT,
  session TEXT,
  expires_at INTEGER NOT NULL,
  spent_at INTEGER
) WITHOUT ROWID;
CREATE INDEX ticket_expiry ON ticket (expires_at);

ALTER TABLE session ADD COLUMN host TEXT;
ALTER TABLE session ADD COLUMN parent_id TEXT;
`;
