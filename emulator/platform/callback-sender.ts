import { z } from 'zod';
import type { Alarms } from './alarms';
import { openAnswer, sealText } from './callback-crypto';
import type { Clock } from './clock';
import { type CompanyEvent, callbackBody, failedItem, type KeyStyle } from './company-event';
import type { Json } from './json';
import { toJson } from './json';

/** DingTalk's patience with an answer. */
const ANSWER_WITHIN_MS = 2500;
/** After a failure it tries again after so long, and once more after so long. */
const RETRY_AFTER_MS = [10_000, 30_000];
/** Documented as 3 to 5 minutes. */
const LISTED_AFTER_MS = 180_000;
const MOST_AT_ONCE = 10;
const PAGE = 200;
const KEPT = 1000;
/** Hostnames as `URL` writes them: every spelling of an address has become one by then. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A subscription as the control plane takes it: what one would enter in the console, and how DingTalk shall write. */
export const callbackRequest = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().regex(/^[A-Za-z0-9]{3,64}$/),
  aesKey: z.string().regex(/^[A-Za-z0-9]{43}$/),
  /** Default: the Client ID, as for what is entered in the console. */
  ownerKey: z.string().min(1).optional(),
  keyStyle: z.enum(['pascal', 'camel']).optional(),
  signatureName: z.enum(['both', 'msg_signature', 'signature']).optional(),
  timestampName: z.enum(['timestamp', 'timeStamp']).optional(),
  /** Only these; default: all. */
  tags: z.array(z.string()).optional(),
  /** Whether the address is tried before it is taken; default yes. */
  check: z.boolean().optional(),
});

/** A subscription as tests and the control plane order it. */
export type CallbackRequest = z.input<typeof callbackRequest>;

/** Where callbacks go, and how they are written. */
export interface Subscription {
  url: string;
  token: string;
  aesKey: string;
  ownerKey: string;
  keyStyle: KeyStyle;
  signatureName: 'both' | 'msg_signature' | 'signature';
  timestampName: 'timestamp' | 'timeStamp';
  /** Undefined: all. */
  tags: string[] | undefined;
}

/** One event on its way to the app. */
export interface Delivery {
  eventId: string;
  type: string;
  attempts: number;
  state: 'pending' | 'delivered' | 'failed';
  /** Why the last attempt failed. */
  reason: string | undefined;
}

/** Sends events to the app's address, again when it does not answer, and keeps what could not be delivered. */
export interface CallbackSender {
  subscription: Subscription | undefined;
  /** Asks an address for a right answer. @throws Error with `kind` that says why not */
  check(subscription: Subscription): Promise<void>;
  send(event: CompanyEvent): void;
  deliveries(): Delivery[];
  /** A page of what could not be delivered; it is told once. */
  takeFailed(): { items: Record<string, Json>[]; hasMore: boolean };
  reset(): void;
}

/** Why an address is not taken. */
export class CheckFailure extends Error {
  readonly kind: 'not-allowed' | 'unreachable' | 'timeout' | 'bad-answer';
  constructor(kind: CheckFailure['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Makes a sender without a subscription: it sends nothing.
 *
 * @param options.origins where it may post beside loopback: it must not become a way to reach other machines
 */
export function createCallbackSender(options: {
  clock: Clock;
  alarms: Alarms;
  origins: readonly string[];
}): CallbackSender {
  const { clock, alarms, origins } = options;
  let deliveries: Delivery[] = [];
  let failed: { event: CompanyEvent; listedAt: number }[] = [];
  let era = 0;
  let underWay = 0;
  const queue: (() => Promise<void>)[] = [];

  /** @throws CheckFailure */
  async function post(to: Subscription, text: string): Promise<void> {
    const { hostname, origin } = new URL(to.url);
    if (!LOOPBACK.test(hostname) && !origins.includes(origin))
      throw new CheckFailure('not-allowed', 'neither loopback nor the app behind the workbench');
    return postSealed(to, text, clock.now());
  }

  function next(): void {
    while (underWay < MOST_AT_ONCE) {
      const attempt = queue.shift();
      if (!attempt) return;
      underWay += 1;
      void attempt().finally(() => {
        underWay -= 1;
        next();
      });
    }
  }

  function attemptSoon(event: CompanyEvent, delivery: Delivery, to: Subscription): void {
    const mine = era;
    queue.push(async () => {
      if (mine !== era) return;
      const reason = await post(to, toJson(callbackBody(event, to.keyStyle))).then(
        () => undefined,
        (error: Error) => error.message,
      );
      delivery.attempts += 1;
      delivery.reason = reason;
      if (reason === undefined) delivery.state = 'delivered';
      else if (mine === era) retry(event, delivery, to);
    });
    next();
  }

  function retry(event: CompanyEvent, delivery: Delivery, to: Subscription): void {
    const pause = RETRY_AFTER_MS[delivery.attempts - 1];
    if (pause !== undefined) {
      alarms.in(pause, () => attemptSoon(event, delivery, to));
    } else {
      delivery.state = 'failed';
      failed.push({ event, listedAt: clock.now() + LISTED_AFTER_MS });
    }
  }

  const sender: CallbackSender = {
    subscription: undefined,
    check: (to) => post(to, '{"EventType":"check_url"}'),
    send(event) {
      const to = sender.subscription;
      if (!to || (to.tags && !to.tags.includes(event.type))) return;
      const { id: eventId, type } = event;
      const delivery: Delivery = { eventId, type, attempts: 0, state: 'pending', reason: undefined };
      deliveries.push(delivery);
      if (deliveries.length > KEPT * 2) deliveries = deliveries.slice(-KEPT);
      attemptSoon(event, delivery, to);
    },
    deliveries: () => deliveries.slice(-KEPT).map((delivery) => ({ ...delivery })),
    takeFailed() {
      const listed = failed.filter(({ listedAt }) => listedAt <= clock.now());
      const page = listed.slice(0, PAGE);
      failed = failed.filter((entry) => !page.includes(entry));
      return { items: page.map(({ event }) => failedItem(event)), hasMore: listed.length > PAGE };
    },
    reset() {
      era += 1;
      queue.length = 0;
      deliveries = [];
      failed = [];
      sender.subscription = undefined;
    },
  };
  return sender;
}

/** Posts one text and wants `success` for it. @throws CheckFailure */
async function postSealed(to: Subscription, text: string, now: number): Promise<void> {
  const { signature, timestamp, nonce, encrypt } = sealText(text, to, now);
  const url = new URL(to.url);
  if (to.signatureName !== 'signature') url.searchParams.set('msg_signature', signature);
  if (to.signatureName !== 'msg_signature') url.searchParams.set('signature', signature);
  url.searchParams.set(to.timestampName, timestamp);
  url.searchParams.set('nonce', nonce);
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  let status: number;
  let answer: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ encrypt }),
      signal,
    });
    status = response.status;
    answer = await response.text();
  } catch {
    if (signal.aborted) throw new CheckFailure('timeout', `no answer within ${ANSWER_WITHIN_MS} ms`);
    throw new CheckFailure('unreachable', 'no connection');
  }
  if (status !== 200) throw new CheckFailure('bad-answer', `status ${status}`);
  try {
    const said = openAnswer(JSON.parse(answer), to);
    if (said !== 'success') throw new Error('the answer does not say success');
  } catch (error) {
    throw new CheckFailure('bad-answer', error instanceof SyntaxError ? 'no JSON' : (error as Error).message);
  }
}
