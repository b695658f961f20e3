import 'server-only';

export const accessSchema = `
CREATE TABLE accepted_rules (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  hash TEXT NOT NULL,
  text TEXT NOT NULL,
  accepted_at INTEGER NOT NULL
);
`;
