import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../platform/answers';
import type { Fault } from '../platform/fault-kinds';
import type { Platform } from '../platform/platform';
import { send } from './fault-delivery';

/** A token fetch that waits for a second one. */
interface HeldFetch {
  /** Its own, older token has been made. */
  made: Promise<Answer>;
  release(): void;
}

const held = new WeakMap<Platform, HeldFetch>();

/**
 * Lets two overlapping token fetches arrive in the wrong order: the first is held until a second has been answered
 * with a newer token, and then delivers the older one, which is dead by then. A first fetch that stays alone is
 * answered after `holdMs`.
 */
export async function reorder(
  platform: Platform,
  fault: Fault & { kind: 'reorderRefresh' },
  exchange: { res: ServerResponse; answer(): Promise<Answer> },
): Promise<void> {
  const first = held.get(platform);
  if (!first) {
    const made = exchange.answer();
    const released = new Promise<void>((release) => held.set(platform, { made, release }));
    await made;
    await Promise.race([released, sleep(fault.holdMs)]);
    held.delete(platform);
    return send(exchange.res, await made);
  }
  held.delete(platform);
  await first.made;
  platform.appTokens.replace(platform.settings.tokenLifeSeconds);
  send(exchange.res, await exchange.answer());
  await sleep(50);
  first.release();
}
