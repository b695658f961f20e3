import 'server-only';
import { config } from '../config';
import { refreshAdministrators } from '../directory/refresh';
import { directoryStore } from '../directory/store';
import { log } from '../log';
import { outsideRequest, singleton } from '../singleton';
import { within } from '../within';

const ADMINISTRATORS_FOR_MS = 3 * 86_400_000;

/**
 * An administrator of this app, or one of DingTalk's main administrators: by a list that DingTalk has confirmed in the
 * last three days, or two reads. A list that cannot be read any more would otherwise keep a former administrator in for
 * ever.
 *
 * @param ask has DingTalk asked, a little, while there is no directory that would know
 */
export async function isViewerAdministrator(
  userId: string,
  { ask }: { ask: boolean } = { ask: true },
): Promise<boolean> {
  const { adminUserIds, directory } = config();
  if (adminUserIds.includes(userId)) return true;
  const { asOf, missing } = await directoryStore().state();
  const isRead = asOf !== undefined && !missing.some(({ what }) => what === 'admins');
  if (ask && !isRead) await within(askForAdministrators(), MAX_WAIT_MS);
  const goodForMs = Math.max(ADMINISTRATORS_FOR_MS, 2000 * directory.syncIntervalSeconds);
  return directoryStore().isMainAdministrator(userId, Date.now() - goodForMs);
}

const ASK_AGAIN_MS = 60_000;
const MAX_WAIT_MS = 3000;
const asked = singleton('administrators-asked', () => ({
  at: Number.NEGATIVE_INFINITY,
  /** Only while DingTalk is being asked: a promise keeps alive the request in which it was made. */
  answer: undefined as Promise<void> | undefined,
}));

/** One call a minute, however many people open the pages. Never throws. */
async function askForAdministrators(): Promise<void> {
  if (performance.now() - asked().at > ASK_AGAIN_MS) {
    asked().at = performance.now();
    asked().answer = outsideRequest(() =>
      refreshAdministrators()
        .catch((error: unknown) => log().warn({ event: 'administrators-unknown', err: error }))
        .finally(() => {
          asked().answer = undefined;
        }),
    );
  }
  await asked().answer;
}
