import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';
import type { RefreshTarget } from '../storage/event-inbox';

export interface RefreshQueue {
  /** Has things read again soon, each once however often it is said. Never throws. */
  refresh(...stale: RefreshTarget[]): void;
  /** The same, when nothing else waits. */
  refreshLater(...stale: RefreshTarget[]): void;
  /** How much is waiting. */
  size(): number;
  close(): void;
}

export interface RefreshQueueOptions {
  /** Reads one thing again. @throws when it has to be tried again */
  read(stale: RefreshTarget): Promise<void>;
  /** Told when something is given up. */
  onGivenUp?(stale: RefreshTarget, error: unknown): void;
  /** Events come in bursts: DingTalk tells of a newcomer twice within a second. */
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
  stale: RefreshTarget;
  attempt: number;
  hurry: boolean;
}

export function createRefreshQueue({
  read,
  onGivenUp,
  settleMs = SETTLE_MS,
  atOnce = AT_ONCE,
  pauseMs = PAUSE_MS,
  retryMs = RETRY_MS,
}: RefreshQueueOptions): RefreshQueue {
  const waiting = new Map<string, Waiting>();
  let running = false;
  let closed = false;

  function add(stale: RefreshTarget, { attempt = 1, hurry = true }: Partial<Waiting> = {}): void {
    const key = 'id' in stale ? `${stale.what} ${stale.id}` : stale.what;
    const known = waiting.get(key);
    if (known) known.hurry ||= hurry;
    if (known || closed) return;
    if (waiting.size >= MAX_WAITING && stale.what !== 'directory') {
      add({ what: 'directory' });
      return;
    }
    waiting.set(key, { stale, attempt, hurry });
    if (!running) void outsideRequest(run);
  }

  function next(): [string, Waiting] | undefined {
    for (const entry of waiting) if (entry[1].hurry) return entry;
    return waiting.entries().next().value;
  }

  async function run(): Promise<void> {
    running = true;
    await delay(settleMs, undefined, { ref: false });
    await Promise.all(Array.from({ length: atOnce }, work));
    running = false;
    // Of what came after the last had ended nobody would take notice.
    if (waiting.size > 0 && !closed) void run();
  }

  async function work(): Promise<void> {
    for (let entry = next(); entry && !closed; entry = next()) {
      const [key, { stale, attempt, hurry }] = entry;
      // Before it is read: whatever changes from now on has to be read again.
      waiting.delete(key);
      try {
        await read(stale);
      } catch (error) {
        const again = () => add(stale, { attempt: attempt + 1, hurry });
        if (attempt >= MAX_ATTEMPTS) onGivenUp?.(stale, error);
        else setTimeout(again, retryMs * 2 ** (attempt - 1)).unref();
      }
      await delay(pauseMs, undefined, { ref: false });
    }
  }

  return {
    refresh: (...all) => {
      for (const stale of all) add(stale);
    },
    refreshLater: (...all) => {
      for (const stale of all) add(stale, { hurry: false });
    },
    size: () => waiting.size,
    close: () => {
      closed = true;
    },
  };
}
