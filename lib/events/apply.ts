import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import { config } from '../config';
import type { DirectoryEvent } from '../dingtalk/event';
import { noteLeaver } from '../directory/refresh';
import { directoryStore } from '../directory/store';
import type { EventEffect } from '../session/session-store';
import { sessions } from '../session/sessions';
import { singleton } from '../singleton';
import type { LeaverNote } from '../storage/leavers';
import { createDispatcher } from './dispatch';
import { refresher } from './refresher';

/** People removed from the directory before other work has a turn. */
const REMOVED_AT_ONCE = 20;

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
  // A leave event that is replayed must not remove a person who has come back.
  if (await sessions().store.knowsEvent(event.id)) return false;
  // Before the sessions end: a sign-in that begins afterwards must not rely on the directory's old record.
  const notes = await removeFromDirectory(left);
  if (!(await sessions().applyEvent(event, { ...effect, notes }))) return false;
  if (left.length > 0) refresher().refreshLater(...refresh);
  else refresher().refresh(...refresh);
  return true;
}

/**
 * Never throws: sessions end whether or not the directory can be written; the refresh job removes the person later.
 *
 * @returns the directory's notes about them, which need not end anything any more
 */
async function removeFromDirectory(userIds: readonly string[]): Promise<LeaverNote[]> {
  const notes: LeaverNote[] = [];
  for (let at = 0; at < userIds.length; at += REMOVED_AT_ONCE, await breathe()) {
    const some = userIds.slice(at, at + REMOVED_AT_ONCE);
    try {
      for (const { userId } of await directoryStore().members(some)) await noteLeaver(userId);
      notes.push(...(await directoryStore().leaverNotesOf(some)));
    } catch {
      // A note that is not known here ends the sessions once more.
    }
  }
  return notes;
}
