import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { EventInbox } from '../storage/event-inbox';

interface MissedEventsOptions {
  /** A page of what DingTalk could not deliver. It lists each event once. */
  take(): Promise<{ events: DirectoryEvent[]; hasMore: boolean }>;
  dispatch(event: DirectoryEvent): Promise<unknown>;
  /** Events that were taken and not applied yet: they outlive the process. */
  inbox: Pick<EventInbox, 'storeMissed' | 'missed' | 'completeMissed'>;
}

/** More than a page: events that always fail must not keep out the others. */
const AT_ONCE = 1000;

/**
 * Applies the callbacks that DingTalk could not deliver. A page is on the disk before it is applied, and an event that
 * fails is tried again in the next round, by any process.
 *
 * @returns one round. @throws the first failure, after all other events were applied
 */
export function createMissedEvents({ take, dispatch, inbox }: MissedEventsOptions): () => Promise<void> {
  let round: Promise<void> | undefined;

  async function applyStored(): Promise<void> {
    const outcomes = await Promise.allSettled(
      (await inbox.missed(AT_ONCE)).map(async (event) => {
        await dispatch(event);
        await inbox.completeMissed(event.id);
      }),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async function run(): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      await applyStored();
      const page = await take();
      await inbox.storeMissed(page.events);
      hasMore = page.hasMore;
    }
    await applyStored();
  }

  return () => {
    round ??= run().finally(() => {
      round = undefined;
    });
    return round;
  };
}
