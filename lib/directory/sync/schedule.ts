import 'server-only';
import { config, type DirectorySettings } from '../../config';
import { dingTalkClient } from '../../dingtalk-client';
import { log } from '../../log';
import { outsideRequest, singleton } from '../../singleton';
import type { RunStarter, StoredRun } from './run';
import { syncStore } from './run-store';
import { type SyncOptions, sync } from './sync';

/** Runs of this process: by the clock, and when an administrator says so. */

const LOOK_EVERY_MS = 20_000;
/** After a run that brought nothing, the next one is not a whole interval away. */
const AFTER_FAILURE_SECONDS = 900;
/** Several processes, and several companies, should not all begin at once. */
const JITTER = 0.05;

const state = singleton('directory-schedule', () => ({ running: false, jitter: Math.random() * JITTER }));

/**
 * Starts a run in the background.
 *
 * @returns true once the run is there for everybody to see, false when one is under way already, here or elsewhere
 * @throws what kept it from starting
 */
export async function startSync(startedBy: RunStarter, acceptShrink = false): Promise<boolean> {
  if (state().running) return false;
  state().running = true;
  let begun = false;
  return new Promise((resolve, reject) => {
    const begin = () => {
      begun = true;
      resolve(true);
    };
    outsideRequest(() => runOnce({ startedBy, acceptShrink, onProgress: begin }))
      .then(resolve)
      .catch((error: unknown) => {
        if (begun) log().error({ event: 'directory-sync', err: error });
        else reject(error);
      })
      .finally(() => {
        state().running = false;
      });
  });
}

/** @returns false when another process is at it */
async function runOnce(
  options: Pick<SyncOptions, 'startedBy' | 'acceptShrink' | 'onProgress'>,
): Promise<boolean> {
  const { callsPerSecond } = config().directory;
  const outcome = await sync({
    store: syncStore(),
    client: dingTalkClient(),
    pace: { callsPerSecond },
    ...options,
  });
  if (outcome.kind === 'busy') return false;
  const { state, people, departments, added, changed, removed, calls, missing, id } = outcome.run;
  const line = {
    event: 'directory-sync',
    run: id,
    state,
    people,
    departments,
    added,
    changed,
    removed,
    calls,
  };
  if (state === 'complete') log().info(line);
  else log().warn({ ...line, missing: missing.slice(0, 20), missingCount: missing.length });
  return true;
}

/** When the next run begins by itself, Unix time in ms; undefined: never. */
export function nextSyncAt(
  runs: readonly StoredRun[],
  { sync: on, syncIntervalSeconds }: Pick<DirectorySettings, 'sync' | 'syncIntervalSeconds'> = config()
    .directory,
): number | undefined {
  if (!on || syncIntervalSeconds === 0) return undefined;
  const [last] = runs;
  if (!last || last.state === 'running') return Date.now();
  const failed = last.state === 'failed';
  const seconds = failed ? Math.min(AFTER_FAILURE_SECONDS, syncIntervalSeconds) : syncIntervalSeconds;
  return last.startedAt + seconds * 1000 * (1 + state().jitter);
}

/** Looks from time to time whether a run is due, here or in another process's stead. */
export function startDirectory(): { close(): void } {
  const { sync: on, syncIntervalSeconds } = config().directory;
  if (!on || syncIntervalSeconds === 0) return { close: () => undefined };
  const look = async () => {
    const due = nextSyncAt(await syncStore().runs(1));
    if (due !== undefined && due <= Date.now()) await startSync('schedule');
  };
  let complained = false;
  const lookSafely = () => {
    look().catch((error: unknown) => {
      // Once: a folder that cannot be written says so every time.
      if (!complained) log().error({ event: 'directory-schedule', err: error });
      complained = true;
    });
  };
  const timer = setInterval(lookSafely, LOOK_EVERY_MS);
  timer.unref();
  const first = setTimeout(lookSafely, 500);
  first.unref();
  return {
    close() {
      clearInterval(timer);
      clearTimeout(first);
    },
  };
}
