import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';

/** What was taken and not dealt with yet: it outlives the process. */
export interface OwedEvents {
  keep(events: readonly DirectoryEvent[]): Promise<void>;
  some(limit: number): Promise<DirectoryEvent[]>;
  settle(eventId: string): Promise<void>;
}

export interface MissedEventsOptions {
  /** A page of what DingTalk could not deliver. It tells of each once. */
  take(): Promise<{ events: DirectoryEvent[]; hasMore: boolean }>;
  dispatch(event: DirectoryEvent): Promise<unknown>;
  owed: OwedEvents;
}

/** More than a page; what fails for good must not keep the rest away. */
const AT_ONCE = 1000;

/**
 * Deals with the callbacks that DingTalk could not deliver. A page is on the disk before it is dealt with, and what
 * fails is tried again the next time, in whatever process.
 *
 * @returns one round. @throws what the first that failed threw, when all others were dealt with
 */
export function createMissedEvents({ take, dispatch, owed }: MissedEventsOptions): () => Promise<void> {
  let underWay: Promise<void> | undefined;

  async function settle(): Promise<void> {
    const outcomes = await Promise.allSettled(
      (await owed.some(AT_ONCE)).map(async (event) => {
        await dispatch(event);
        await owed.settle(event.id);
      }),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async function round(): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      await settle();
      const page = await take();
      await owed.keep(page.events);
      hasMore = page.hasMore;
    }
    await settle();
  }

  return () => {
    underWay ??= round().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
