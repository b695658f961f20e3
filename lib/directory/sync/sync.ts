import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../dingtalk/client';
import { createPacedClient, type PaceOptions } from '../../dingtalk/paced-client';
import type { SyncProgress } from '../mirror-state';
import { createCrawl } from './crawl';
import { isDeadOwner, thisOwner } from './lease';
import type { Lease, RunStarter, StoredRun, Verdict } from './run';
import type { SyncStore } from './run-store';
import { checkReading } from './verify';

export interface SyncOptions {
  store: SyncStore;
  client: Client;
  startedBy: RunStarter;
  /** Take the result over even if more than 20 % of the people are gone. */
  acceptShrink?: boolean;
  pace?: PaceOptions;
  onProgress?: (progress: SyncProgress) => void;
  /** Stops soon; the next sync goes on from there. */
  signal?: AbortSignal;
  /** How long the lease lasts without a sign of life, in ms. */
  leaseMs?: number;
}

/** How a sync ended. `busy`: another process, or another part of this one, is at it. */
export type SyncOutcome = { kind: 'ran'; run: StoredRun; resumed: boolean } | { kind: 'busy' };

const LEASE_MS = 15_000;
const HEARTBEAT_MS = 1000;
/** An interrupted run that is older is dropped: half of what it read would be stale. */
const RESUME_WITHIN_MS = 2 * 3_600_000;
/** The speed is that of the last seconds. */
const SPEED_OVER_SECONDS = 10;

/**
 * Reads the whole directory that the app may see, and publishes it. Goes on where a crashed run stopped, and never
 * runs twice at once, whoever starts it.
 *
 * @throws what stopped it: an aborted signal, a lost lease, a database that does not write
 */
export async function sync(options: SyncOptions): Promise<SyncOutcome> {
  const { store } = options;
  const lease = await store.takeLease(thisOwner(), options.leaseMs ?? LEASE_MS, isDeadOwner);
  if (!lease) return { kind: 'busy' };
  try {
    const { run, resumed } = await runUnderLease(options, lease);
    return { kind: 'ran', run, resumed };
  } finally {
    // Lost or not: we are done with it.
    await store.giveLease(lease).catch(() => undefined);
  }
}

async function runUnderLease(
  options: SyncOptions,
  lease: Lease,
): Promise<{ run: StoredRun; resumed: boolean }> {
  const { store, startedBy } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const client = createPacedClient(options.client, { ...options.pace, signal });
  const opened = await store.openRun(lease, { startedBy, resumeWithinMs: RESUME_WITHIN_MS });
  const sizes = new Map((await store.departments()).map(({ id, own }) => [id, own]));
  const crawl = createCrawl({ client, store, lease, signal, doneBefore: opened.done, sizes });
  const calls = () => opened.run.calls + client.calls;

  let phase: SyncProgress['phase'] = 'reading';
  const speed = createSpeed();
  const report = async () => {
    const { done, total, failures } = crawl.counts();
    const { people } = await store.countSeen();
    const ratePerSecond = speed(done);
    const remainingSeconds = Math.ceil(crawl.callsLeft() / (options.pace?.callsPerSecond ?? 15));
    const progress = {
      phase,
      done,
      total,
      ratePerSecond,
      remainingSeconds,
      failures,
      callsSpent: calls(),
      people,
    };
    await store.saveProgress(lease, progress, calls());
    await store.keepLease(lease, options.leaseMs ?? LEASE_MS);
    options.onProgress?.(progress);
  };
  const beating = heartbeat(report, signal).catch((error: unknown) => stop.abort(error));
  try {
    await crawl.walk(opened.tasks);
    let missing = await store.runMissing();
    const { people } = await store.countSeen();
    if (missing.some(({ what }) => what === 'scope') || (people === 0 && !arePeopleComplete(missing))) {
      return { run: await store.fail(lease, missing, calls()), resumed: opened.resumed };
    }
    if (arePeopleComplete(missing)) {
      phase = 'checking';
      await checkReading({ store, lease, walk: crawl.walk, acceptShrink: options.acceptShrink ?? false });
      missing = await store.runMissing();
    }
    phase = 'publishing';
    await report();
    const verdict: Verdict = {
      peopleComplete: arePeopleComplete(missing),
      rolesComplete: !missing.some(({ what }) => what === 'roles'),
      administratorsComplete: !missing.some(({ what }) => what === 'admins'),
      acceptShrink: options.acceptShrink ?? false,
      calls: calls(),
    };
    signal.throwIfAborted();
    return { run: await store.publish(lease, verdict), resumed: opened.resumed };
  } finally {
    stop.abort(new Error('the run has ended'));
    await beating;
  }
}

/** Roles, administrators, rules and single records apart: who was not read there is not taken for gone. */
function arePeopleComplete(missing: { what: string }[]): boolean {
  return !missing.some(({ what }) =>
    ['scope', 'departments', 'department', 'people', 'person'].includes(what),
  );
}

async function heartbeat(beat: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await beat();
    await delay(HEARTBEAT_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function createSpeed(): (done: number) => number {
  const points: { at: number; done: number }[] = [];
  return (done) => {
    const now = performance.now();
    points.push({ at: now, done });
    while (points.length > 2 && points[0]!.at < now - SPEED_OVER_SECONDS * 1000) points.shift();
    const [first] = points;
    const seconds = (now - first!.at) / 1000;
    return seconds > 0 ? Math.round(((done - first!.done) / seconds) * 10) / 10 : 0;
  };
}
