import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client';
import { DingTalkError } from './errors';
import { createLane, type Lane } from './lane';
import type { DingTalkRequest, RequestBudget } from './request';

export interface PaceOptions {
  /** Calls a second to each API. DingTalk's standard edition allows 20. */
  callsPerSecond?: number;
  /** Calls under way at once, all APIs together: the rest of the client's places is for people who sign in. */
  maxInFlight?: number;
  /** Ends the waiting; no further call is sent. */
  signal?: AbortSignal;
  /** Pauses before the repetitions of a call that failed in passing, in ms. */
  backoffMs?: readonly number[];
  /** How long a call waits for a line that is down, in ms. */
  maxOutageMs?: number;
  /** Milliseconds on a clock that never jumps. */
  now?: () => number;
  /** Waits some ms. @throws when it is stopped */
  pause?: (ms: number) => Promise<void>;
}

type Clock = Required<Pick<PaceOptions, 'now' | 'pause'>>;

interface PacedClient extends Client {
  /** Calls sent so far. */
  readonly calls: number;
  /** The most that were under way at once. */
  readonly peakInFlight: number;
  /** How often DingTalk refused a call for its rate. */
  readonly refusals: number;
}

const MAX_IN_FLIGHT = 10;
const BACKOFF_MS = [500, 2000, 6000];
/** DingTalk counts by the second. */
const PAUSE_AFTER_REFUSAL_MS = 1100;
const MAX_REFUSALS_OF_A_CALL = 20;
const OUTAGE_PAUSE_MS = 2000;
/** Neither a certificate nor a ban of the address mends itself within seconds. */
const NOT_RETRYABLE = /^banned$|^html-page$|^proxy-4|CERT|TLS|SSL/;

/**
 * A client for work that takes many calls: it stays below the rate of each API, uses that of all APIs at once, waits
 * when DingTalk asks for it, and repeats what failed in passing. It shares tokens, circuit and connections with the
 * client that it is made from. For calls that can be repeated only.
 */
export function createPacedClient(client: Client, options: PaceOptions = {}): PacedClient {
  const { callsPerSecond = 15, maxInFlight = MAX_IN_FLIGHT, signal, now = () => performance.now() } = options;
  const pause = options.pause ?? ((ms) => delay(ms, undefined, { ...(signal ? { signal } : {}) }));
  // Calls under way end by themselves: cut off by us, they would look like a line that is down, to sign-ins too.
  const budget: RequestBudget = { calls: 0, paced: true };
  if (signal) setMaxListeners(0, signal);
  /** The pace of each API, and the last of its calls: they go out in the order in which they came. */
  const queues = new Map<string, { lane: Lane; tail: Promise<unknown> }>();
  const waitingForAnswer: (() => void)[] = [];
  const seen = { inFlight: 0, peak: 0, refusals: 0 };

  function queueOf(api: string) {
    const queue = queues.get(api) ?? { lane: createLane(callsPerSecond, now), tail: Promise.resolve() };
    queues.set(api, queue);
    return queue;
  }

  /** Waits until a call may go out now, and takes its place. */
  async function acquire(lane: Lane): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const waitMs = lane.waitMs();
      if (waitMs === Number.POSITIVE_INFINITY || (waitMs <= 0 && seen.inFlight >= maxInFlight)) {
        await new Promise<void>((answered) => waitingForAnswer.push(answered));
      } else if (waitMs > 0) await pause(waitMs);
      else break;
    }
    lane.send();
    seen.peak = Math.max(seen.peak, ++seen.inFlight);
  }

  async function send<T>(request: DingTalkRequest<T>): Promise<T> {
    const queue = queueOf(request.path);
    const { lane } = queue;
    const acquired = queue.tail.then(() => acquire(lane));
    queue.tail = acquired.catch(() => undefined);
    await acquired;
    try {
      return await client.call({ ...request, budget });
    } catch (error) {
      if (error instanceof DingTalkError && error.isThrottled) {
        seen.refusals++;
        lane.pause(PAUSE_AFTER_REFUSAL_MS);
      }
      throw error;
    } finally {
      seen.inFlight--;
      lane.answered();
      for (const answered of waitingForAnswer.splice(0)) answered();
    }
  }

  return {
    ...client,
    call: (request) => repeated(() => send(request), { ...options, now, pause }),
    get calls() {
      return budget.calls;
    },
    get peakInFlight() {
      return seen.peak;
    },
    get refusals() {
      return seen.refusals;
    },
  };
}

/** Sends again what failed in passing. @throws the error of the last attempt */
async function repeated<T>(
  send: () => Promise<T>,
  { backoffMs = BACKOFF_MS, maxOutageMs = 60_000, now, pause }: PaceOptions & Clock,
): Promise<T> {
  let refusals = 0;
  const startedAt = now();
  for (let failures = 0; ; ) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof DingTalkError) || !error.isTransient || NOT_RETRYABLE.test(error.code))
        throw error;
      if (error.isOverRate && ++refusals <= MAX_REFUSALS_OF_A_CALL) continue;
      const lineIsDown = error.code === 'circuit-open' && now() - startedAt < maxOutageMs;
      const waitMs = lineIsDown ? OUTAGE_PAUSE_MS : backoffMs[failures++];
      if (waitMs === undefined) throw error;
      await pause(waitMs * (0.8 + Math.random() * 0.4));
    }
  }
}
