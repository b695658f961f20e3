import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';
import { keyOf, type RefreshTarget } from '../storage/event-inbox';

interface RefreshQueueOptions {
  /** @throws when the target has to be tried again */
  read(target: RefreshTarget): Promise<void>;
  /** After the last attempt. */
  onGivenUp?(target: RefreshTarget, error: unknown): void;
  /** Events come in bursts: DingTalk reports a newcomer twice within a second. */
  settleMs?: number;
  atOnce?: number;
  pauseMs?: number;
  retryMs?: number;
}

const SETTLE_MS = 1000;
/** Four at a time, each with a pause: some 10 a second, of the 20 that DingTalk allows and sign-ins need too. */
const AT_ONCE = 4;
const PAUSE_MS = 300;
const RETRY_MS = 5000;
const MAX_ATTEMPTS = 6;
/** When more has changed, a whole run is cheaper. */
const MAX_WAITING = 2000;

interface Waiting {
  target: RefreshTarget;
  attempt: number;
  isUrgent: boolean;
}

export function createRefreshQueue({
  read,
  onGivenUp,
  settleMs = SETTLE_MS,
  atOnce = AT_ONCE,
  pauseMs = PAUSE_MS,
  retryMs = RETRY_MS,
}: RefreshQueueOptions) {
  const waiting = new Map<string, Waiting>();
  let running = false;
  let closed = false;

  function add(target: RefreshTarget, { attempt = 1, isUrgent = true }: Partial<Waiting> = {}): void {
    const key = keyOf(target);
    const known = waiting.get(key);
    if (known) known.isUrgent ||= isUrgent;
    if (known || closed) return;
    if (waiting.size >= MAX_WAITING && target.what !== 'directory') {
      add({ what: 'directory' });
      return;
    }
    waiting.set(key, { target, attempt, isUrgent });
    if (!running) void outsideRequest(run);
  }

  function next(): [string, Waiting] | undefined {
    for (const entry of waiting) if (entry[1].isUrgent) return entry;
    return waiting.entries().next().value;
  }

  async function run(): Promise<void> {
    running = true;
    await delay(settleMs, undefined, { ref: false });
    await Promise.all(Array.from({ length: atOnce }, work));
    running = false;
    // Added while the last worker ended: no worker has seen it.
    if (waiting.size > 0 && !closed) void run();
  }

  async function work(): Promise<void> {
    for (let entry = next(); entry && !closed; entry = next()) {
      const [key, { target, attempt, isUrgent }] = entry;
      // Before it is read: a change from now on has to be read again.
      waiting.delete(key);
      try {
        await read(target);
      } catch (error) {
        const again = () => add(target, { attempt: attempt + 1, isUrgent });
        if (attempt >= MAX_ATTEMPTS) onGivenUp?.(target, error);
        else setTimeout(again, retryMs * 2 ** (attempt - 1)).unref();
      }
      await delay(pauseMs, undefined, { ref: false });
    }
  }

  return {
    /** Reads targets again soon; one that waits already is not added. Never throws. */
    refresh: (...all: RefreshTarget[]) => {
      for (const target of all) add(target);
    },
    /** The same, after everything that `refresh` was called with. */
    refreshLater: (...all: RefreshTarget[]) => {
      for (const target of all) add(target, { isUrgent: false });
    },
    /** Targets that wait. */
    size: () => waiting.size,
    close: () => {
      closed = true;
    },
  };
}
