import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { directoryStore } from '../directory/store';
import { log } from '../log';
import { sessions } from '../session/sessions';
import { refreshMembersLater } from './refresher';

const LOOK_EVERY_MS = 1000;
const COMPARE_EVERY_MS = 2000;
const AT_ONCE = 500;
const COMPARED_AT_ONCE = 100;
const PAUSE_MS = 10;
/** A directory that lacks more people than this is itself wrong. */
const MAX_ASKED = 1000;

/** Ends the sessions of people who are gone from the directory, whichever process found it, now or before a crash. */
export function startLeavers(): { close(): void } {
  let compared: number | undefined;
  const timers = [
    repeat(LOOK_EVERY_MS, endNoted),
    repeat(COMPARE_EVERY_MS, async () => {
      const { asOf, completeAsOf } = await directoryStore().state();
      if (completeAsOf === undefined || asOf !== completeAsOf || compared === completeAsOf) return;
      await compare();
      compared = completeAsOf;
    }),
  ];
  return { close: () => timers.forEach(clearInterval) };
}

/** One run at a time; a run that fails is tried again at the next interval. */
function repeat(everyMs: number, action: () => Promise<void>): NodeJS.Timeout {
  let busy = false;
  let failed = false;
  const run = async () => {
    if (busy) return;
    busy = true;
    try {
      await action();
      failed = false;
    } catch (error) {
      // Once: a database that is away would say so every second.
      if (!failed) log().error({ event: 'leavers', err: error });
      failed = true;
    }
    busy = false;
  };
  return setInterval(run, everyMs).unref();
}

async function endNoted(): Promise<void> {
  for (;;) {
    const notes = await directoryStore().leavers(AT_ONCE);
    if (notes.length === 0) return;
    await sessions().endPeople(
      notes.map(({ userId }) => userId),
      { reason: 'directory', by: 'directory' },
      { auditsLiveOnly: true, notes },
    );
    // Not before: a crash in between must lose no one. A note that is read once more ends nothing again.
    await directoryStore().settleLeavers(notes);
  }
}

/**
 * The difference of two snapshots misses people who were in neither, or were inactive before. So after each complete
 * snapshot DingTalk is asked about owners of sessions who are not in it.
 */
async function compare(): Promise<void> {
  const missing: string[] = [];
  for (let after = ''; missing.length < MAX_ASKED; await delay(PAUSE_MS)) {
    const owners = await sessions().store.owners(after, COMPARED_AT_ONCE);
    const last = owners.at(-1);
    if (last === undefined) break;
    const members = await directoryStore().members(owners);
    const active = new Set(members.filter(({ record }) => record.active).map(({ userId }) => userId));
    missing.push(...owners.filter((userId) => !active.has(userId)));
    after = last;
  }
  refreshMembersLater(missing);
}
