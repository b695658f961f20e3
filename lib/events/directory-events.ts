import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import { config } from '../config';
import type { DirectoryEvent } from '../dingtalk/event';
import { takeFailedEvents } from '../dingtalk/failed-events';
import { type Stream, type StreamLine, type StreamState, startStream } from '../dingtalk/stream/stream';
import { dingTalkClient, proxyFor } from '../dingtalk-client';
import { noteLeaver, refreshAdministrators, refreshDepartment, refreshMember } from '../directory/refresh';
import { directoryStore } from '../directory/store';
import { startSync } from '../directory/sync/schedule';
import { log } from '../log';
import { sessions } from '../session/sessions';
import { singleton } from '../singleton';
import type { RefreshTarget } from '../storage/event-inbox';
import { createDispatcher, type Dispatcher } from './dispatch';
import { createMissedEvents } from './missed-events';
import { createRefreshQueue } from './refresh-queue';

/** DingTalk lists a callback three to five minutes after it gave up. */
const MISSED_EVERY_MS = 5 * 60_000;
const MISSED_AFTER_MS = 5000;
const AGAIN_AFTER_RUN_MS = 5000;
/** What another process wrote down, and does not read: it is gone, or has given up. */
const ORPHANED_MS = 10 * 60_000;
const LOOK_FOR_ORPHANS_MS = 60_000;
/** So many are taken out of the mirror before others have a turn. */
const FORGOTTEN_AT_ONCE = 20;

/**
 * What we do about DingTalk's events, whichever way they come. Who left is out before the event is acknowledged;
 * everything else means "read it again", soon and behind the answer. What has to be read is written down together with
 * the event: a process that dies loses nothing of it.
 */
export const dispatcher = singleton('dispatcher', () =>
  createDispatcher({
    corpId: config().corpId,
    memory: {
      knows: (eventId) => sessions().store.knowsEvent(eventId),
      remember: async (event) => {
        await sessions().store.rememberEvent({ event });
      },
    },
    async onLeft(userIds, event) {
      // Out of the mirror first, so that nobody signs in on what it remembers; and the ending settles that they were
      // found gone. Then asked, because they may be back.
      await forgetAll(userIds);
      const stale = members(userIds);
      await sessions().endPeople(userIds, { reason: 'left', by: 'event' }, { event, stale });
      refresher().refreshLater(...stale);
    },
    // Adds nothing to what is known of sessions: an old one stays what it is.
    onJoined: (userIds, event) => readAgain(event, members(userIds)),
    onChanged: (userIds, event) => readAgain(event, members(userIds)),
    onActivated: (userIds, event) => readAgain(event, members(userIds)),
    onAdminsAdded: (userIds, event) => readAgain(event, [ADMINISTRATORS, ...members(userIds)]),
    onAdminsRemoved: (userIds, event) => readAgain(event, [ADMINISTRATORS, ...members(userIds)]),
    onDepartmentsChanged: (ids, event) =>
      readAgain(
        event,
        ids.map((id) => ({ what: 'department', id })),
      ),
    onDepartmentsRemoved: (_, event) => readAgain(event, [DIRECTORY]),
    // Where no person is named, roles were made, renamed or removed.
    onRolesChanged: ({ userIds }, event) =>
      readAgain(event, userIds.length > 0 ? members(userIds) : [DIRECTORY]),
    onCompanyChanged: (event) => readAgain(event, [DIRECTORY]),
  }),
);

const ADMINISTRATORS: RefreshTarget = { what: 'administrators' };
const DIRECTORY: RefreshTarget = { what: 'directory' };
const members = (userIds: readonly string[]): RefreshTarget[] =>
  userIds.map((id) => ({ what: 'member', id }));

async function readAgain(event: DirectoryEvent, stale: readonly RefreshTarget[]): Promise<void> {
  await sessions().store.rememberEvent({ event, stale });
  refresher().refresh(...stale);
}

/** Never throws: the ending must not depend on the mirror, which learns of it from what is owed. */
async function forgetAll(userIds: readonly string[]): Promise<void> {
  for (let at = 0; at < userIds.length; at += FORGOTTEN_AT_ONCE, await breathe()) {
    const some = userIds.slice(at, at + FORGOTTEN_AT_ONCE);
    const mirrored = await directoryStore()
      .members(some)
      .catch(() => []);
    for (const { userId } of mirrored) await noteLeaver(userId);
  }
}

/** Has DingTalk asked about people, when there is time. */
export function askAbout(userIds: readonly string[]): void {
  refresher().refreshLater(...members(userIds));
}

const refresher = singleton('refresher', () =>
  createRefreshQueue({
    async read(stale) {
      const { store } = sessions();
      const mark = await store.refreshVersion(stale);
      if (await read(stale)) await store.completeRefresh({ stale, mark });
    },
    onGivenUp: (stale, error) => void giveUp(stale, error),
  }),
);

/** A whole run reads what could not be read by itself; where not even that begins, the next one by the clock does. */
async function giveUp(stale: RefreshTarget, error: unknown): Promise<void> {
  log().warn({ event: 'refresh-given-up', what: stale.what, err: error });
  const { store } = sessions();
  try {
    if (stale.what !== 'directory') await readWhole();
    await store.completeRefresh({ stale, mark: await store.refreshVersion(stale) });
  } catch (failure) {
    log().warn({ event: 'refresh-owed', err: failure });
  }
}

async function readWhole(): Promise<void> {
  await sessions().store.enqueueRefresh([DIRECTORY]);
  refresher().refresh(DIRECTORY);
}

/** @returns whether it was read; false: it will be, later */
async function read(stale: RefreshTarget): Promise<boolean> {
  switch (stale.what) {
    case 'administrators':
      await refreshAdministrators();
      return true;
    case 'member': {
      const member = await refreshMember(stale.id);
      if (member?.active !== true) await sessions().endGone([stale.id], { reason: 'directory', by: 'event' });
      return true;
    }
    case 'department':
      if ((await refreshDepartment(stale.id)) === 'needs-sync') await readWhole();
      return true;
    case 'directory':
      // An operator who has switched runs off has them by other means.
      if (!config().directory.sync || (await startSync('schedule'))) return true;
      // The run under way may have read what was before. However long it takes, there is one more afterwards.
      setTimeout(() => refresher().refresh(stale), AGAIN_AFTER_RUN_MS).unref();
      return false;
  }
}

/** What a process left behind that is gone, whether it was this one's forerunner or another one. */
async function reclaim(olderThanMs: number): Promise<void> {
  try {
    const owed = await sessions().store.refreshJobs(olderThanMs);
    refresher().refreshLater(...owed.map(({ stale }) => stale));
  } catch (error) {
    log().warn({ event: 'refresh-owed', err: error });
  }
}

/** What DingTalk could not deliver, because nobody was there to take it. */
const takeMissed = singleton('missed-events', () => {
  const { storeMissed: keepMissed, missed, completeMissed: settleMissed } = sessions().store;
  return createMissedEvents({
    take: () => takeFailedEvents(dingTalkClient()),
    dispatch: (event) => dispatcher().dispatch(event),
    owed: { keep: keepMissed, some: missed, settle: settleMissed },
  });
});

const stream = singleton('stream', (): { current?: Stream } => ({}));

/**
 * Goes on with what is owed, connects to DingTalk's Stream gateway, where `DINGTALK_STREAM=on`, and fetches the callbacks
 * that did not get through.
 */
export function startEvents(): void {
  const { stream: wanted, apiUrl, callback } = config();
  void reclaim(0);
  setInterval(() => void reclaim(ORPHANED_MS), LOOK_FOR_ORPHANS_MS).unref();
  if (callback) {
    const look = () =>
      takeMissed()().catch((error: unknown) => log().warn({ event: 'missed-events', err: error }));
    setTimeout(look, MISSED_AFTER_MS).unref();
    setInterval(look, MISSED_EVERY_MS).unref();
  }
  if (!wanted) return;
  stream().current ??= startStream({
    client: dingTalkClient(),
    apiUrl,
    proxyFor: proxyFor(),
    onEvent: (event) => dispatcher().dispatch(event),
    log: (line: StreamLine) => (line.event === 'stream-connected' ? log().info(line) : log().warn(line)),
  });
}

/** How events come to this process, and what became of those that came since it started. */
export interface ReceivedEvents {
  stream: { status: StreamState['status'] | 'off'; since: number | undefined; reason: string | undefined };
  callback: boolean;
  counts: ReturnType<Dispatcher['counts']>;
}

/** @returns times as Unix time in ms */
export function receivedEvents(): ReceivedEvents {
  const state = stream().current?.state();
  return {
    stream: {
      status: state?.status ?? 'off',
      since: state && Date.now() - (performance.now() - state.since),
      reason: state?.reason,
    },
    callback: config().callback !== undefined,
    counts: dispatcher().counts(),
  };
}

export async function closeEvents(): Promise<void> {
  await stream().current?.close();
}
