import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { directoryStore } from '../directory/store';
import { log } from '../log';
import { sessions } from '../session/sessions';
import { askAbout } from './directory-events';

const LOOK_EVERY_MS = 1000;
const COMPARE_EVERY_MS = 2000;
const AT_ONCE = 500;
const COMPARED_AT_ONCE = 100;
const PAUSE_MS = 10;
/** A mirror that misses more than so many is itself what is wrong. */
const MAX_ASKED = 1000;

/** Ends the sessions of those whom the directory no longer finds: found here or in another process, now or before a crash. */
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

/** One at a time, and whatever fails is tried again the next time. */
function repeat(everyMs: number, action: () => Promise<void>): NodeJS.Timeout {
  let busy = false;
  const run = async () => {
    if (busy) return;
    busy = true;
    await action().catch((error: unknown) => log().error({ event: 'leavers', err: error }));
    busy = false;
  };
  return setInterval(run, everyMs).unref();
}

async function endNoted(): Promise<void> {
  for (;;) {
    const userIds = await directoryStore().leavers(AT_ONCE);
    if (userIds.length === 0) return;
    await sessions().endLeavers(userIds, { reason: 'directory', by: 'directory' });
  }
}

/**
 * Nobody vanishes from one snapshot to the next who was never in it, or was noted as inactive before. So after each
 * complete one DingTalk is asked about those who have sessions and are not in it.
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
  askAbout(missing);
}
