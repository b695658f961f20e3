import { z } from 'zod';
import type { Alarms } from './alarms';
import { openAnswer, sealText } from './callback-crypto';
import type { Clock } from './clock';
import { type CompanyEvent, callbackBody, failedItem } from './company-event';
import { type Json, toJson } from './json';

/** DingTalk's time limit for an answer. */
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

/** A subscription as the console takes it, and the spelling in which DingTalk writes its callbacks. */
const callbackRequest = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().regex(/^[A-Za-z0-9]{3,64}$/),
  aesKey: z.string().regex(/^[A-Za-z0-9]{43}$/),
  /** Default: the Client ID, as for what is entered in the console. */
  ownerKey: z.string().min(1).optional(),
  keyStyle: z.enum(['pascal', 'camel']).default('pascal'),
  signatureName: z.enum(['both', 'msg_signature', 'signature']).default('both'),
  timestampName: z.enum(['timestamp', 'timeStamp']).default('timestamp'),
  /** Event types; default: all. */
  tags: z.array(z.string()).optional(),
  /** Whether the address is checked before it is accepted. */
  check: z.boolean().default(true),
});

/** A subscription as tests and the control plane request it. */
export type CallbackRequest = z.input<typeof callbackRequest>;

/** Where callbacks go, and how they are written. */
export type Subscription = z.output<typeof callbackRequest> & { ownerKey: string };

/** One event on its way to the app. */
export interface Delivery {
  eventId: string;
  type: string;
  attempts: number;
  state: 'pending' | 'delivered' | 'failed';
  /** Why the last attempt failed. */
  reason: string | undefined;
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
 * Sends events to the app's address, again after a failure, and keeps what could not be delivered. Without a
 * subscription it sends nothing.
 *
 * @param options.origins where it may post beside loopback: it must not become a way to reach other machines
 * @param options.clientId the owner key of a subscription that names none
 */
export function createCallbackSender(options: {
  clock: Clock;
  alarms: Alarms;
  origins: readonly string[];
  clientId: string;
}) {
  const { clock, alarms, origins } = options;
  let deliveries: Delivery[] = [];
  let era = 0;
  const queue = createQueue();
  const failed = createFailedEvents(clock);

  /** @throws CheckFailure */
  async function post(to: Subscription, text: string): Promise<void> {
    const { hostname, origin } = new URL(to.url);
    if (!LOOPBACK.test(hostname) && !origins.includes(origin))
      throw new CheckFailure('not-allowed', 'neither loopback nor the app behind the workbench');
    return postSealed(to, text, clock.now());
  }

  function attemptSoon(event: CompanyEvent, delivery: Delivery, to: Subscription): void {
    const mine = era;
    queue.add(async () => {
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
  }

  function retry(event: CompanyEvent, delivery: Delivery, to: Subscription): void {
    const pause = RETRY_AFTER_MS[delivery.attempts - 1];
    if (pause !== undefined) {
      alarms.in(pause, () => attemptSoon(event, delivery, to));
    } else {
      delivery.state = 'failed';
      failed.add(event);
    }
  }

  const sender = {
    subscription: undefined as Subscription | undefined,
    /** Takes a subscription; unless `check` is false, after a right answer from its address. @throws CheckFailure */
    async subscribe(request: CallbackRequest): Promise<void> {
      const wanted = callbackRequest.parse(request);
      const subscription = { ...wanted, ownerKey: wanted.ownerKey ?? options.clientId };
      if (wanted.check) await post(subscription, '{"EventType":"check_url"}');
      sender.subscription = subscription;
    },
    send(event: CompanyEvent): void {
      const to = sender.subscription;
      if (!to || (to.tags && !to.tags.includes(event.type))) return;
      const { id: eventId, type } = event;
      const delivery: Delivery = { eventId, type, attempts: 0, state: 'pending', reason: undefined };
      deliveries.push(delivery);
      if (deliveries.length > KEPT * 2) deliveries = deliveries.slice(-KEPT);
      attemptSoon(event, delivery, to);
    },
    deliveries: (): Delivery[] => deliveries.slice(-KEPT).map((delivery) => ({ ...delivery })),
    takeFailed: failed.take,
    reset(): void {
      era += 1;
      queue.clear();
      failed.clear();
      deliveries = [];
      sender.subscription = undefined;
    },
  };
  return sender;
}

/** Starts attempts in their order, a few of them at once. */
function createQueue() {
  const waiting: (() => Promise<void>)[] = [];
  let underWay = 0;

  function next(): void {
    while (underWay < MOST_AT_ONCE) {
      const attempt = waiting.shift();
      if (!attempt) return;
      underWay += 1;
      void attempt().finally(() => {
        underWay -= 1;
        next();
      });
    }
  }

  return {
    add(attempt: () => Promise<void>): void {
      waiting.push(attempt);
      next();
    },
    clear(): void {
      waiting.length = 0;
    },
  };
}

/** What could not be delivered, each entry listed some time after its last attempt. */
function createFailedEvents(clock: Clock) {
  let failed: { event: CompanyEvent; listedAt: number }[] = [];
  return {
    add(event: CompanyEvent): void {
      failed.push({ event, listedAt: clock.now() + LISTED_AFTER_MS });
    },
    /** A page of the list, removed from it: the app gets each entry once. */
    take(): { items: Record<string, Json>[]; hasMore: boolean } {
      const listed = failed.filter(({ listedAt }) => listedAt <= clock.now());
      const page = listed.slice(0, PAGE);
      failed = failed.filter((entry) => !page.includes(entry));
      return { items: page.map(({ event }) => failedItem(event)), hasMore: listed.length > PAGE };
    },
    clear(): void {
      failed = [];
    },
  };
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
    if (openAnswer(JSON.parse(answer), to) !== 'success') throw new Error('the answer does not say success');
  } catch (error) {
    throw new CheckFailure('bad-answer', error instanceof SyntaxError ? 'no JSON' : (error as Error).message);
  }
}
