import 'server-only';
import type { DirectoryEvent } from './dingtalk/directory-event';

/**
 * Deals with the callbacks that DingTalk could not deliver. It tells of each once, so what fails here is kept and
 * tried again the next time.
 *
 * @param take a page of them
 * @returns one round. @throws what the first that failed threw, when all others were dealt with
 */
export function createMissedEvents({
  take,
  dispatch,
}: {
  take(): Promise<{ events: DirectoryEvent[]; hasMore: boolean }>;
  dispatch(event: DirectoryEvent): Promise<unknown>;
}): () => Promise<void> {
  let owed: DirectoryEvent[] = [];
  let underWay: Promise<void> | undefined;

  async function settle(): Promise<void> {
    const outcomes = await Promise.allSettled(owed.map(dispatch));
    owed = owed.filter((_, index) => outcomes[index]!.status === 'rejected');
    const failure = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failure) throw failure.reason;
  }

  async function round(): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      await settle();
      ({ events: owed, hasMore } = await take());
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
