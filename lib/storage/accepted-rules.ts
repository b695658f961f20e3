import 'server-only';
import type { Database } from './database';

/** The last access file without errors, as every process and machine uses it. */
export interface AcceptedRules {
  hash: string;
  text: string;
  /** Unix time in ms. */
  acceptedAt: number;
}

/** Undefined before there was any. */
export function readAcceptedRules(db: Database): Promise<AcceptedRules | undefined> {
  return db.get<AcceptedRules>('SELECT hash, text, accepted_at AS "acceptedAt" FROM accepted_rules');
}

/** Much cheaper than the text: asked every other second. */
export async function readAcceptedHash(db: Database): Promise<string | undefined> {
  return (await db.get<{ hash: string }>('SELECT hash FROM accepted_rules'))?.hash;
}

export async function writeAcceptedRules(
  db: Database,
  { hash, text, acceptedAt }: AcceptedRules,
): Promise<void> {
  await db.transaction(
    (tx) =>
      tx.run(
        `INSERT INTO accepted_rules VALUES (1, ?, ?, ?) ON CONFLICT (one) DO UPDATE
         SET hash = excluded.hash, text = excluded.text, accepted_at = excluded.accepted_at`,
        hash,
        text,
        acceptedAt,
      ),
    { durable: true },
  );
}
