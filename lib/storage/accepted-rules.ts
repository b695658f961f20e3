import 'server-only';
import type { Database } from './sqlite';

/** The last access file without errors, as every process and machine uses it. */
export interface AcceptedRules {
  hash: string;
  text: string;
  /** Unix time in ms. */
  acceptedAt: number;
}

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
