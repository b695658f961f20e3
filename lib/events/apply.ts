import 'server-only';
import { config } from '../config';
import type { DirectoryEvent } from '../dingtalk/event';
import { noteLeaver } from '../directory/refresh';
import { directoryStore } from '../directory/store';
import type { EventEffect } from '../session/session-store';
import { sessions } from '../session/sessions';
import { singleton } from '../singleton';
import type { LeaverNote } from '../storage/leavers';
import { within } from '../within';
import { createDispatcher } from './dispatch';
import { refresher } from './refresher';

/** People removed from the directory before other work has a turn. */
const REMOVED_AT_ONCE = 20;
const MAX_WAIT_MS = 1000;

/** The dispatcher of this process: events of the callback, of Stream, and those that DingTalk could not deliver. */
export const dispatcher = singleton('dispatcher', () => createDispatcher({ corpId: config().corpId, apply }));

/**
 * Ends the sessions of people who left, and enqueues what has to be read again, together with the event's id: a process
 * that dies afterwards loses nothing of it.
 *
 * @returns false when the event was known already
 */
async function apply(event: DirectoryEvent, effect: EventEffect): Promise<boolean> {
  const { left, refresh } = effect;
  // A leave event that is replayed must neither remove nor for a moment refuse a person who has come back. A database that
  // does not answer is no reason to wait: the sessions end in this process at once.
  const { store } = sessions();
  if (await store.knowsEvent(event.id).catch(() => false)) return false;
  // The directory may be publishing, and the end of sessions must not wait for that. A sign-in does not rely on its old
  // record meanwhile: the refresh job tells that it is old.
  const notes = left.length === 0 ? [] : await notesOf(left);
  if (!(await sessions().applyEvent(event, { ...effect, notes }))) return false;
  await within(removeFromDirectory(left), MAX_WAIT_MS);
  if (left.length > 0) refresher().refreshLater(...refresh);
  else refresher().refresh(...refresh);
  return true;
}

/** What the directory has noted about them. Never throws: what is not known here ends the sessions once more. */
function notesOf(userIds: readonly string[]): Promise<LeaverNote[]> {
  return directoryStore()
    .leaverNotesOf(userIds)
    .catch(() => []);
}

/** Never throws. What cannot be written is left to the refresh jobs. */
async function removeFromDirectory(userIds: readonly string[]): Promise<void> {
  for (let at = 0; at < userIds.length; at += REMOVED_AT_ONCE) {
    const some = userIds.slice(at, at + REMOVED_AT_ONCE);
    const stored = await directoryStore()
      .members(some)
      .catch(() => []);
    for (const { userId } of stored) await noteLeaver(userId, { areSessionsEnded: true });
  }
}
