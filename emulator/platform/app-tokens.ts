import { randomBytes } from 'node:crypto';
import type { Clock } from './clock';

/** A secret with an end, in milliseconds since 1970. */
export interface Lease {
  value: string;
  expiresAt: number;
}

/** The app's access token: one at a time, extended by every fetch. */
export interface AppTokens {
  /** The live token, extended, or a new one. @param lifeSeconds how long from now it shall live */
  issue(lifeSeconds: number): string;
  /** A new token though the old one may live; the old one dies. DingTalk does so only when a token expires. */
  replace(lifeSeconds: number): string;
  isLive(token: string): boolean;
  /** Kills the live token, as a reset of the secret would. */
  revoke(): void;
}

/** @see https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app */
export function createAppTokens(clock: Clock): AppTokens {
  let current: Lease | undefined;
  const isLive = () => current !== undefined && clock.now() < current.expiresAt;
  const replace = (lifeSeconds: number) => {
    current = { value: randomBytes(16).toString('hex'), expiresAt: clock.now() + lifeSeconds * 1000 };
    return current.value;
  };
  return {
    replace,
    issue(lifeSeconds) {
      if (!current || !isLive()) return replace(lifeSeconds);
      current.expiresAt = clock.now() + lifeSeconds * 1000;
      return current.value;
    },
    isLive: (token) => isLive() && current?.value === token,
    revoke() {
      current = undefined;
    },
  };
}

const TICKET_LIFE_MS = 7_200_000;
const TICKET_LONGEST_MS = 86_400_000;

/** The app's ticket for signing dd.config: the same while it lives, extended by two hours, never older than a day. */
export interface JsapiTickets {
  /** The live ticket, extended, or a new one, and the seconds that it lives from now. */
  issue(): { ticket: string; lifeSeconds: number };
  /** The ticket that signatures are checked with, unless none is alive. */
  live(): string | undefined;
  reset(): void;
}

/** @see https://open.dingtalk.com/document/orgapp/obtain-jsapi_ticket */
export function createJsapiTickets(clock: Clock): JsapiTickets {
  let current: (Lease & { bornAt: number }) | undefined;
  return {
    issue() {
      const now = clock.now();
      if (!current || now >= current.expiresAt) {
        current = { value: randomBytes(32).toString('base64url'), bornAt: now, expiresAt: now };
      }
      current.expiresAt = Math.min(now + TICKET_LIFE_MS, current.bornAt + TICKET_LONGEST_MS);
      return { ticket: current.value, lifeSeconds: Math.floor((current.expiresAt - now) / 1000) };
    },
    live: () => (current && clock.now() < current.expiresAt ? current.value : undefined),
    reset() {
      current = undefined;
    },
  };
}
