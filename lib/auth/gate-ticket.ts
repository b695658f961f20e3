import 'server-only';
import { config } from '../config';
import { pathOnHost } from '../http/host-return-target';
import { createProtectedHosts } from '../http/protected-host';
import type { Session } from '../session/session-cookie';
import { tickets } from './tickets';

/** What a protected host asks of the main origin. */
export interface GateQuery {
  /** As a `Host` header has it. */
  host: string;
  /** Hash of the nonce in the browser's cookie of that host. */
  nonce: string;
  /** The page on that host. */
  rd: string;
  /** Minutes, where the page asks for a sign-in as recent as that. */
  within?: number | undefined;
}

/** Reads a query, in which each parameter stands once. */
export function toGateQuery(query: Record<string, string | string[] | undefined>): GateQuery | undefined {
  const { host, nonce, rd = '/', within } = query;
  if (typeof host !== 'string' || typeof nonce !== 'string' || typeof rd !== 'string') return undefined;
  if (!/^[\w-]{43}$/.test(nonce)) return undefined;
  const minutes = typeof within === 'string' && /^\d{1,4}$/.test(within) ? Number(within) : undefined;
  return { host, nonce, rd, within: minutes };
}

/**
 * The way back to a protected host, with a ticket for a session there that comes from a member's. The ticket is good
 * for the browser that began on that host, for a minute and once.
 *
 * @returns undefined where the host is not one of `GATE_HOSTS`
 */
export async function ticketAddress(
  session: Session,
  { host, nonce, rd }: GateQuery,
): Promise<string | undefined> {
  const hosts = protectedHosts();
  const found = hosts.find(host);
  if (!found) return undefined;
  const ticket = await tickets().issue({
    purpose: 'return',
    userId: session.userId,
    host: found.name,
    nonceHash: nonce,
    parent: session,
  });
  const query = new URLSearchParams({ ticket, rd: pathOnHost(rd, found, hosts) });
  return `${found.origin}/.dingpass/ticket?${query}`;
}

/** The hosts of `GATE_HOSTS`. */
export function protectedHosts() {
  const { gate, publicOrigin } = config();
  return createProtectedHosts(gate.hosts, publicOrigin.startsWith('https:') ? 'https:' : 'http:');
}
