import 'server-only';
import type { Database } from './sqlite';

/** The last access file without errors, as every process and machine uses it. */
export interface AcceptedRules {
  hash: string;
  text: string;
  /** Unix time in ms. */
  acceptedAt: number;
}

export const accessSchema = `
CREATE TABLE accepted_rules (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  hash TEXT NOT NULL,
  text TEXT NOT NULL,
  accepted_at INTEGER NOT NULL
);
`;

/** Undefined before there was any. */
export function readAcceptedRules(db: Database): AcceptedRules | undefined {
  return db.get<AcceptedRules>('SELECT hash, text, accepted_at AS acceptedAt FROM accepted_rules');
}

/** Much cheaper than the text: asked every other second. */
export function readAcceptedHash(db: Database): string | undefined {
  return db.get<{ hash: string }>('SELECT hash FROM accepted_rules')?.hash;
}

export function writeAcceptedRules(db: Database, { hash, text, acceptedAt }: AcceptedRules): void {
  db.writeDurably(() =>
    db.run('INSERT OR REPLACE INTO accepted_rules VALUES (1, ?, ?, ?)', hash, text, acceptedAt),
  );
}
