import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client';
import { DingTalkError } from './errors';
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
  outagePatienceMs?: number;
  /** Milliseconds on a clock that never jumps. */
  now?: () => number;
  /** Waits some ms. @throws when it is stopped */
  pause?: (ms: number) => Promise<void>;
}

export interface PacedClient extends Client {
  /** Calls sent so far. */
  readonly calls: number;
  /** The most that were under way at once. */
  readonly peakInFlight: number;
  /** Times that DingTalk said we were too fast. */
  readonly refusals: number;
}

/** So much of a second's calls may be made up for after a pause, so that late timers do not lower the rate. */
const CATCH_UP_SECONDS = 0.2;
/**
 * A call counts at DingTalk from when it arrives there, which is somewhere between being sent and being answered: when
 * this machine, the line or DingTalk stands still, calls sent well apart may arrive together. So a call is sent only
 * while fewer than the limit are unanswered or were answered within this time. Of any calls that arrive within a second,
 * the last one to be sent found all others so; hence they are never more than the limit, whatever stands still.
 */
const COUNTS_FOR_MS = 1020;
/** DingTalk allows 20 where we plan for 15. */
const LIMIT_OVER_PACE = 4 / 3;
const MAX_IN_FLIGHT = 10;
/** DingTalk counts by the second. */
const PAUSE_AFTER_REFUSAL_MS = 1100;
const MAX_REFUSALS_OF_A_CALL = 20;
const OUTAGE_PAUSE_MS = 2000;
/** Neither a certificate nor a ban of the address mends itself within seconds. */
const NOT_RETRYABLE = /^banned$|^html-page$|^proxy-4|CERT|TLS|SSL/;

interface Lane {
  /** When the next call may go out, had all gone out on time. */
  nextAt: number;
  /** Calls of one API go out in the order in which they came. */
  tail: Promise<unknown>;
  unanswered: number;
  /** When calls were answered that may still count, the first ones first. */
  answeredAt: number[];
}

/**
 * A client for work that takes many calls: it stays below the rate of each API, uses that of all APIs at once, waits
 * when DingTalk asks for it, and repeats what failed in passing. It shares tokens, circuit and connections with the
 * client that it is made from. For calls that can be repeated only.
 */
export function createPacedClient(client: Client, options: PaceOptions = {}): PacedClient {
  const now = options.now ?? (() => performance.now());
  const callsPerSecond = options.callsPerSecond ?? 15;
  const gapMs = 1000 / callsPerSecond;
  const limit = Math.max(1, Math.floor(callsPerSecond * LIMIT_OVER_PACE));
  const maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
  const backoffMs = options.backoffMs ?? [500, 2000, 6000];
  const outagePatienceMs = options.outagePatienceMs ?? 60_000;
  const { signal } = options;
  // Calls under way end by themselves: cut off by us, they would look like a line that is down, to sign-ins too.
  const budget: RequestBudget = { calls: 0, paced: true };
  if (signal) setMaxListeners(0, signal);
  const lanes = new Map<string, Lane>();
  const waitingForAnswer: (() => void)[] = [];
  const seen = { inFlight: 0, peak: 0, refusals: 0 };

  const pause = options.pause ?? ((ms) => delay(ms, undefined, { ...(signal ? { signal } : {}) }));

  function laneOf(api: string): Lane {
    let lane = lanes.get(api);
    if (!lane) {
      lane = { nextAt: now(), tail: Promise.resolve(), unanswered: 0, answeredAt: [] };
      lanes.set(api, lane);
    }
    return lane;
  }

  /** When there are fewer calls than the limit that may count; `Infinity`: when another one is answered. */
  function roomAt({ unanswered, answeredAt }: Lane): number {
    while (answeredAt.length > 0 && answeredAt[0]! + COUNTS_FOR_MS <= now()) answeredAt.shift();
    const tooMany = unanswered + answeredAt.length - limit;
    return tooMany < 0 ? now() : (answeredAt[tooMany] ?? Number.POSITIVE_INFINITY) + COUNTS_FOR_MS;
  }

  /** Waits until a call may go out now, and takes its place. */
  async function turn(lane: Lane): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const waitMs = Math.max(lane.nextAt, roomAt(lane)) - now();
      if (waitMs === Number.POSITIVE_INFINITY || (waitMs <= 0 && seen.inFlight >= maxInFlight)) {
        await new Promise<void>((answered) => waitingForAnswer.push(answered));
      } else if (waitMs > 0) await pause(waitMs);
      else break;
    }
    lane.unanswered++;
    lane.nextAt = Math.max(lane.nextAt, now() - CATCH_UP_SECONDS * 1000) + gapMs;
    seen.peak = Math.max(seen.peak, ++seen.inFlight);
  }

  async function send<T>(request: DingTalkRequest<T>): Promise<T> {
    const lane = laneOf(request.path);
    const mine = lane.tail.then(() => turn(lane));
    lane.tail = mine.catch(() => undefined);
    await mine;
    try {
      return await client.call({ ...request, budget: budget });
    } catch (error) {
      if (error instanceof DingTalkError && error.isThrottled) {
        seen.refusals++;
        lane.nextAt = Math.max(lane.nextAt, now() + PAUSE_AFTER_REFUSAL_MS);
      }
      throw error;
    } finally {
      seen.inFlight--;
      lane.unanswered--;
      lane.answeredAt.push(now());
      for (const answered of waitingForAnswer.splice(0)) answered();
    }
  }

  async function call<T>(request: DingTalkRequest<T>): Promise<T> {
    let refusals = 0;
    const startedAt = now();
    for (let failures = 0; ; ) {
      try {
        return await send(request);
      } catch (error) {
        if (!(error instanceof DingTalkError) || !error.isTransient || NOT_RETRYABLE.test(error.code))
          throw error;
        if (error.isOverRate && ++refusals <= MAX_REFUSALS_OF_A_CALL) continue;
        const lineIsDown = error.code === 'circuit-open' && now() - startedAt < outagePatienceMs;
        const waitMs = lineIsDown ? OUTAGE_PAUSE_MS : backoffMs[failures++];
        if (waitMs === undefined) throw error;
        await pause(waitMs * (0.8 + Math.random() * 0.4));
      }
    }
  }

  return {
    call,
    warm: () => client.warm(),
    isReachable: () => client.isReachable(),
    credentials: client.credentials,
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
