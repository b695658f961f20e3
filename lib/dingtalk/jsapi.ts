import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Client } from './client';
import { createExpiring } from './token-cache';

/** DingTalk's current samples use SHA-256; its older demonstrations, and clients of their time, SHA-1. */
export type SignatureDigest = 'sha256' | 'sha1';

/** The ticket that every signature of the app is made with. */
export interface JsapiTicket {
  /** @throws DingTalkError */
  get(): Promise<string>;
  /**
   * For a client that has refused the current one: fetches it anew, at most once in {@link RENEWAL_PAUSE_MS}.
   *
   * @throws DingTalkError
   */
  renew(): Promise<string>;
}

/** A ticket as the processes of one app tell each other of it. Times are Unix time in ms. */
export interface KeptTicket {
  ticket: string;
  /** When the first of them got it. */
  since: number;
  /** From then on it is fetched anew by the process that needs it. */
  renewAt: number;
  expiresAt: number;
}

export interface TicketStore {
  load(): Promise<KeptTicket | undefined>;
  save(kept: KeptTicket): Promise<void>;
}

/** Most refusals have another reason than the ticket, and would cost a call each. */
const RENEWAL_PAUSE_MS = 60_000;

/** A ticket is the same for as long as it is asked for again in time, but never longer than this. */
const LONGEST_LIFE_MS = 24 * 3600_000;
/** Should DingTalk keep one for longer, it is not asked at every signature. */
const SHORTEST_LIFE_SECONDS = 10;
/** From this share of its life on, a ticket that another process has fetched is not taken. */
const RENEW_AFTER = 0.8;

/**
 * The app's ticket for `dd.config`: fetched once however many pages are signed at once, kept until it expires. The call
 * does not count against the monthly quota.
 *
 * @param options.store shares it with other processes; each fetches its own where the store fails
 * @param options.onTicket called with every ticket that is learned, so that a log can keep it out
 * @param options.now milliseconds on a clock that never jumps
 * @see https://open.dingtalk.com/document/development/create-a-jsapi-ticket
 */
export function createJsapiTicket(
  client: Pick<Client, 'call'>,
  {
    store,
    onTicket,
    now = () => performance.now(),
  }: { store?: TicketStore; onTicket?: (ticket: string) => void; now?: () => number } = {},
): JsapiTicket {
  const unixTime = () => performance.timeOrigin + now();
  let known: Pick<KeptTicket, 'ticket' | 'since'> | undefined;
  let refused: string | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;

  async function fetchTicket(): Promise<KeptTicket> {
    const { jsapiTicket: ticket, expireIn } = await client.call({
      host: 'api',
      method: 'POST',
      path: '/v1.0/oauth2/jsapiTickets',
      schema: z.object({ jsapiTicket: z.string().min(1), expireIn: z.coerce.number().positive() }),
      repeatable: true,
    });
    const at = unixTime();
    const since = known?.ticket === ticket ? known.since : at;
    // What DingTalk says of the last two hours of a ticket's day is not documented.
    const restSeconds = Math.max((since + LONGEST_LIFE_MS - at) / 1000, SHORTEST_LIFE_SECONDS);
    const lifeMs = Math.min(expireIn, restSeconds) * 1000;
    const kept = { ticket, since, renewAt: at + lifeMs * RENEW_AFTER, expiresAt: at + lifeMs };
    await store?.save(kept).catch(() => undefined);
    return kept;
  }

  const current = createExpiring({
    now,
    fetchValue: async () => {
      const shared = await store?.load().catch(() => undefined);
      const isUsable = shared && shared.ticket !== refused && unixTime() < shared.renewAt;
      // The day of a ticket began when the first process got it.
      if (shared && shared.ticket !== known?.ticket) known = shared;
      const kept = isUsable ? shared : await fetchTicket();
      refused = undefined;
      known = kept;
      onTicket?.(kept.ticket);
      return { value: kept.ticket, ttlSeconds: (kept.expiresAt - unixTime()) / 1000 };
    },
    holdFailureMs: () => 1000,
  });
  return {
    get: current.get,
    async renew() {
      if (known && now() - renewedAt >= RENEWAL_PAUSE_MS) {
        renewedAt = now();
        refused = known.ticket;
        current.drop(known.ticket);
      }
      return current.get();
    },
  };
}

/**
 * The address of a page as DingTalk signs it: without fragment, the path as it stands, the query percent-decoded. A `+`
 * stays, an empty query is left out. A query that cannot be decoded stays as it is.
 *
 * @param href the page's `location.href`, never one that was put together again on a server
 * @see https://open.dingtalk.com/document/development/jsapi-authentication
 */
export function signedAddress(href: string): string {
  const [address = ''] = href.split('#', 1);
  const queryAt = address.indexOf('?');
  if (queryAt < 0) return address;
  const query = address.slice(queryAt + 1);
  return address.slice(0, queryAt) + (query === '' ? '' : `?${decoded(query)}`);
}

/** What `dd.config` needs as `signature`, in lower-case hexadecimal. @param address as of `signedAddress` */
export function signPage({
  ticket,
  nonce,
  timestamp,
  address,
  digest,
}: {
  ticket: string;
  nonce: string;
  timestamp: string;
  address: string;
  digest: SignatureDigest;
}): string {
  const text = `jsapi_ticket=${ticket}&noncestr=${nonce}&timestamp=${timestamp}&url=${address}`;
  return createHash(digest).update(text, 'utf8').digest('hex');
}

function decoded(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    return query;
  }
}
