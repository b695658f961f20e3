import 'server-only';

/** Since when a session key is in use, by its id; Unix time in ms. The key itself is nowhere. */
export const keySchema = `
CREATE TABLE session_key (id TEXT PRIMARY KEY, first_used_at INTEGER NOT NULL) WITHOUT ROWID;
`;
