import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../dingtalk/client';
import { createPacedClient, type PaceOptions } from '../../dingtalk/paced-client';
import type { SyncProgress } from '../mirror-state';
import { type Crawl, createCrawl } from './crawl';
import type { Lease, RunStarter, StoredRun } from './run';
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

/** Ten signs of life, or more. */
const LEASE_MS = 10_000;
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
  const lease = await store.takeLease(options.leaseMs ?? LEASE_MS);
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
  const { store, startedBy, acceptShrink = false } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const client = createPacedClient(options.client, { ...options.pace, signal });
  const { run, resumed, tasks, done } = await store.openRun(lease, {
    startedBy,
    resumeWithinMs: RESUME_WITHIN_MS,
  });
  const sizes = new Map((await store.departments()).map(({ id, own }) => [id, own]));
  const crawl = createCrawl({ client, store, lease, signal, doneBefore: done, sizes });
  const calls = () => run.calls + client.calls;
  const report = createReport(options, { lease, crawl, calls });
  const life = createLife(
    () => report('reading'),
    (error) => stop.abort(error),
  );
  try {
    await crawl.walk(tasks);
    let missing = await store.runMissing();
    const { people } = await store.countSeen();
    if (missing.some(({ what }) => what === 'scope') || (people === 0 && !arePeopleComplete(missing))) {
      await life.end();
      return { run: await store.fail(lease, missing, calls()), resumed };
    }
    if (arePeopleComplete(missing)) {
      life.say(() => report('checking'));
      await checkReading({ store, lease, walk: crawl.walk, acceptShrink });
      missing = await store.runMissing();
    }
    // A publication is alone among writers: a sign of life would wait until it is done.
    await life.end();
    await report('publishing');
    signal.throwIfAborted();
    const verdict = { ...completenessOf(missing), acceptShrink, calls: calls() };
    return { run: await store.publish(lease, verdict), resumed };
  } finally {
    await life.end();
    stop.abort(new Error('the run has ended'));
  }
}

interface Reported {
  lease: Lease;
  crawl: Crawl;
  calls(): number;
}

/** Says how far a run is, and that its process is alive. */
function createReport(options: SyncOptions, { lease, crawl, calls }: Reported) {
  const { store, pace, leaseMs = LEASE_MS, onProgress } = options;
  const speed = createSpeed();
  return async (phase: SyncProgress['phase']) => {
    const { done, total, failures } = crawl.counts();
    const { people } = await store.countSeen();
    const progress: SyncProgress = {
      phase,
      done,
      total,
      ratePerSecond: speed(done),
      remainingSeconds: Math.ceil(crawl.callsLeft() / (pace?.callsPerSecond ?? 15)),
      failures,
      callsSpent: calls(),
      people,
    };
    await store.saveProgress(lease, progress, calls());
    await store.keepLease(lease, leaseMs);
    onProgress?.(progress);
  };
}

/** Says something every second until it ends. @param fail is called once, when that fails */
function createLife(beat: () => Promise<void>, fail: (error: unknown) => void) {
  const stop = new AbortController();
  const { signal } = stop;
  let current = beat;
  const beating = (async () => {
    while (!signal.aborted) {
      await current();
      await delay(HEARTBEAT_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })().catch(fail);
  return {
    say: (next: () => Promise<void>) => {
      current = next;
    },
    end: () => {
      stop.abort();
      return beating;
    },
  };
}

/** Roles, administrators, rules and single records apart: who was not read there is not taken for gone. */
function arePeopleComplete(missing: { what: string }[]): boolean {
  return !missing.some(({ what }) =>
    ['scope', 'departments', 'department', 'people', 'person'].includes(what),
  );
}

function completenessOf(missing: { what: string }[]) {
  return {
    peopleComplete: arePeopleComplete(missing),
    rolesComplete: !missing.some(({ what }) => what === 'roles'),
    administratorsComplete: !missing.some(({ what }) => what === 'admins'),
  };
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
