import 'server-only';
import { config } from '../config';
import { refreshAdministrators, refreshDepartment, refreshMember } from '../directory/refresh';
import { startSync } from '../directory/sync/schedule';
import { log } from '../log';
import { sessions } from '../session/sessions';
import { singleton } from '../singleton';
import type { RefreshTarget } from '../storage/event-inbox';
import { toMembers } from './dispatch';
import { createRefreshQueue } from './refresh-queue';

const AGAIN_AFTER_RUN_MS = 5000;
const DIRECTORY: RefreshTarget = { what: 'directory' };

/** Refreshes of this process. Each is a job in the database until it succeeds or is left to a sync run. */
export const refresher = singleton('refresher', () =>
  createRefreshQueue({
    async read(target) {
      const { store } = sessions();
      // Read before the target: an event that comes meanwhile makes a newer version, and the target is read once more.
      const version = await store.refreshVersion(target);
      if (await read(target)) await store.completeRefresh({ target, version });
    },
    onGivenUp: (target, error) => void giveUp(target, error),
  }),
);

/** Asks DingTalk about people when nothing more urgent waits. */
export function refreshMembersLater(userIds: readonly string[]): void {
  refresher().refreshLater(...toMembers(userIds));
}

/** Goes on with jobs of processes that have ended, whichever they were. Never throws. */
export async function reclaimJobs(olderThanMs: number): Promise<void> {
  try {
    const jobs = await sessions().store.refreshJobs(olderThanMs);
    refresher().refreshLater(...jobs.map(({ target }) => target));
  } catch (error) {
    log().warn({ event: 'refresh-owed', err: error });
  }
}

/** @returns whether the target was read; false: it will be, later */
async function read(target: RefreshTarget): Promise<boolean> {
  switch (target.what) {
    case 'administrators':
      await refreshAdministrators();
      return true;
    case 'member': {
      const member = await refreshMember(target.id);
      if (member?.active !== true) {
        const ending = { reason: 'directory', by: 'event' } as const;
        await sessions().endPeople([target.id], ending, { auditsLiveOnly: true });
      }
      return true;
    }
    case 'department':
      if ((await refreshDepartment(target.id)) === 'needs-sync') await readWhole();
      return true;
    case 'directory':
      // With DIRECTORY_SYNC=off runs are started by other means.
      if (!config().directory.sync || (await startSync('schedule'))) return true;
      // The run under way may have read the state before the event: one more follows it, however long it takes.
      setTimeout(() => refresher().refresh(target), AGAIN_AFTER_RUN_MS).unref();
      return false;
  }
}

/** A sync run reads what could not be read alone; where no run can be enqueued, the next scheduled one does. */
async function giveUp(target: RefreshTarget, error: unknown): Promise<void> {
  log().warn({ event: 'refresh-given-up', what: target.what, err: error });
  const { store } = sessions();
  try {
    if (target.what !== 'directory') await readWhole();
    await store.completeRefresh({ target, version: await store.refreshVersion(target) });
  } catch (failure) {
    log().warn({ event: 'refresh-owed', err: failure });
  }
}

async function readWhole(): Promise<void> {
  await sessions().store.enqueueRefresh([DIRECTORY]);
  refresher().refresh(DIRECTORY);
}
