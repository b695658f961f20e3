import 'server-only';
import { createHash, randomBytes } from 'node:crypto';
import type { Session } from '../session/session-cookie';
import { singleton } from '../singleton';
import type { Database } from '../storage/database';
import { recordsDatabase } from '../storage/databases';

/**
 * `return`: from the main origin back to a protected host, for the browser that began there · `hand-off`: from DingTalk's
 * client to the system browser · `break-glass`: for an administrator while DingTalk is away
 */
export type TicketPurpose = 'return' | 'hand-off' | 'break-glass';

/** What one ticket opens, once: a session of one person on one host. */
export interface Ticket {
  purpose: TicketPurpose;
  userId: string;
  /** The protected host; empty for the main origin. */
  host: string;
  /** Hash of a nonce in the cookie of the browser that may use it; undefined: a person has to press a button instead. */
  nonceHash?: string | undefined;
  /** The session that the new one comes from, and ends with. */
  parent?: Session | undefined;
}

/** In seconds. */
const TICKET_LIFE: Record<TicketPurpose, number> = { return: 60, 'hand-off': 60, 'break-glass': 600 };
/** Used tickets are kept so long: a second arrival is told apart from an invented one. */
const KEPT_SECONDS = 3600;
const TOKEN = /^[\w-]{43}$/;

interface Row {
  purpose: TicketPurpose;
  user_id: string;
  host: string;
  nonce_hash: string | null;
  session: string | null;
}

/** @param now milliseconds since 1970 */
export function createTickets(db: Database, now: () => number = Date.now) {
  const seconds = () => Math.floor(now() / 1000);
  return {
    /** @returns what the browser brings: 256 random bits, of which only the hash is kept */
    async issue({ purpose, userId, host, nonceHash, parent }: Ticket): Promise<string> {
      const token = randomBytes(32).toString('base64url');
      await db.run('DELETE FROM ticket WHERE expires_at < ?', seconds() - KEPT_SECONDS);
      await db.run(
        'INSERT INTO ticket (hash, purpose, user_id, host, nonce_hash, session, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        hashOf(token),
        purpose,
        userId,
        host,
        nonceHash ?? null,
        parent ? JSON.stringify(parent) : null,
        seconds() + TICKET_LIFE[purpose],
      );
      return token;
    },
    /** A ticket that can still be used, and stays so. */
    async find(token: string): Promise<Ticket | undefined> {
      if (!TOKEN.test(token)) return undefined;
      const row = await db.get<Row>(
        'SELECT * FROM ticket WHERE hash = ? AND spent_at IS NULL AND expires_at > ?',
        hashOf(token),
        seconds(),
      );
      if (!row) return undefined;
      return {
        purpose: row.purpose,
        userId: row.user_id,
        host: row.host,
        nonceHash: row.nonce_hash ?? undefined,
        parent: row.session === null ? undefined : (JSON.parse(row.session) as Session),
      };
    },
    /** True for the one caller, of all processes, who uses it up. */
    async consume(token: string): Promise<boolean> {
      const changed = await db.run(
        'UPDATE ticket SET spent_at = ? WHERE hash = ? AND spent_at IS NULL AND expires_at > ?',
        seconds(),
        hashOf(token),
        seconds(),
      );
      return changed === 1;
    },
  };
}

/** The tickets of this company. */
export const tickets = singleton('tickets', () => createTickets(recordsDatabase()));

/** As tickets and nonces are kept and passed on. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
