import 'server-only';

/**
 * One-time tickets, by the hash of what the browser brings: a copy of the database opens nothing. `session` is the JSON of
 * what the ticket's session is made of.
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
`;
