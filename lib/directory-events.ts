import 'server-only';
import { config } from './config';
import { takeFailedEvents } from './dingtalk/failed-events';
import { type Stream, type StreamLine, startStream } from './dingtalk/stream';
import { directoryStore } from './directory/libsql-store';
import { refreshAdministrators, refreshDepartment, refreshMember } from './directory/refresh';
import { startSync } from './directory/schedule';
import { createDispatcher } from './events';
import { log } from './log';
import { createMissedEvents } from './missed-events';
import { platform } from './platform';
import { processWide } from './process-wide';
import { createRefresher, type Stale } from './refresher';
import { revocations } from './revocation/revocations';

/** DingTalk lists a callback three to five minutes after it gave up. */
const MISSED_EVERY_MS = 5 * 60_000;
const MISSED_AFTER_MS = 20_000;
const AGAIN_AFTER_RUN_MS = 5000;

/**
 * What we do about DingTalk's events, whichever way they come. Who left is out before the event is acknowledged;
 * everything else means "read it again", soon and behind the answer. A change that is lost on the way, when the
 * process dies, is found by the next run.
 */
export const dispatcher = processWide('dispatcher', () =>
  createDispatcher({
    corpId: config().corpId,
    memory: {
      knows: (eventId) => revocations().store.knowsEvent(eventId),
      remember: async (eventId) => {
        await revocations().store.rememberEvent(eventId);
      },
    },
    async onLeft(userIds, event) {
      await revocations().endPeople(userIds, { reason: 'left', by: 'event' }, event.id);
      // At once, so that nobody signs in on what the mirror remembers; then asked, because they may be back.
      const store = directoryStore();
      for (const userId of userIds) if (await store.member(userId)) await store.forget(userId);
      refresher().refreshLater(...userIds.map((id) => ({ what: 'member', id }) as const));
    },
    // Adds nothing to what is known of sessions: an old one stays what it is.
    onJoined: (userIds) => refreshMembers(userIds),
    onChanged: (userIds) => refreshMembers(userIds),
    onActivated: (userIds) => refreshMembers(userIds),
    onAdminsAdded: (userIds) => refreshAdministration(userIds),
    onAdminsRemoved: (userIds) => refreshAdministration(userIds),
    onDepartmentsChanged: (ids) =>
      refresher().refresh(...ids.map((id) => ({ what: 'department', id }) as const)),
    onDepartmentsRemoved: () => refresher().refresh({ what: 'directory' }),
    onRolesChanged({ userIds }) {
      refreshMembers(userIds);
      // Roles were made, renamed or removed: no single person tells.
      if (userIds.length === 0) refresher().refresh({ what: 'directory' });
    },
    onCompanyChanged: () => refresher().refresh({ what: 'directory' }),
  }),
);

const refresher = processWide('refresher', () =>
  createRefresher({
    read,
    onGivenUp: ({ what }, error) => log().warn({ event: 'refresh-given-up', what, err: error }),
  }),
);

function refreshMembers(userIds: readonly string[]): void {
  refresher().refresh(...userIds.map((id) => ({ what: 'member', id }) as const));
}

function refreshAdministration(userIds: readonly string[]): void {
  refresher().refresh({ what: 'administrators' });
  refreshMembers(userIds);
}

async function read(stale: Stale): Promise<void> {
  if (stale.what === 'administrators') return refreshAdministrators();
  if (stale.what === 'member') {
    const member = await refreshMember(stale.id);
    if (member?.active === false)
      await revocations().endLive([stale.id], { reason: 'directory', by: 'event' });
    return;
  }
  if (stale.what === 'department') {
    if ((await refreshDepartment(stale.id)) === 'needs-sync') refresher().refresh({ what: 'directory' });
    return;
  }
  // An operator who has switched runs off has them by other means.
  if (!config().directory.sync || (await startSync('schedule'))) return;
  // The run under way may have read what was before. However long it takes, there is one more afterwards.
  setTimeout(() => refresher().refresh(stale), AGAIN_AFTER_RUN_MS).unref();
}

/** What DingTalk could not deliver, because nobody was there to take it. */
const takeMissed = processWide('missed-events', () =>
  createMissedEvents({
    take: () => takeFailedEvents(platform()),
    dispatch: (event) => dispatcher().dispatch(event),
  }),
);

const stream = processWide('stream', (): { current?: Stream } => ({}));

/** Connects to DingTalk's Stream gateway, where `DINGTALK_STREAM=on`, and fetches the callbacks that did not get through. */
export function startEvents(): void {
  const { stream: wanted, apiUrl, callback } = config();
  if (callback) {
    const look = () =>
      takeMissed()().catch((error: unknown) => log().warn({ event: 'missed-events', err: error }));
    setTimeout(look, MISSED_AFTER_MS).unref();
    setInterval(look, MISSED_EVERY_MS).unref();
  }
  if (!wanted) return;
  stream().current ??= startStream({
    client: platform(),
    apiUrl,
    onEvent: (event) => dispatcher().dispatch(event),
    log: (line: StreamLine) => (line.event === 'stream-lost' ? log().warn(line) : log().info(line)),
  });
}

export async function closeEvents(): Promise<void> {
  await stream().current?.close();
}
