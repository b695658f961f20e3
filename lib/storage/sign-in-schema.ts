import 'server-only';

/**
 * `failed_attempt` has the columns that rate-limiter-flexible reads and writes, in its order. `used_value`: one-time codes
 * and the states of browser sign-ins that were handed in. Both in Unix time in ms, and worthless after it.
 */
export const signInSchema = `
CREATE TABLE failed_attempt (key TEXT PRIMARY KEY, points INTEGER NOT NULL, expire INTEGER) WITHOUT ROWID;
CREATE INDEX failed_attempt_expire ON failed_attempt (expire);
CREATE TABLE used_value (key TEXT PRIMARY KEY, detail TEXT, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX used_value_expires_at ON used_value (expires_at);
`;
