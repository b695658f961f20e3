import 'server-only';
import { config } from '../config';
import { takeFailedEvents } from '../dingtalk/failed-events';
import { type Stream, startStream } from '../dingtalk/stream/stream';
import type { StreamLine, StreamState } from '../dingtalk/stream/stream-state';
import { dingTalkClient, proxyFor } from '../dingtalk-client';
import { log } from '../log';
import { sessions } from '../session/sessions';
import { singleton } from '../singleton';
import { dispatcher } from './apply';
import type { Dispatcher } from './dispatch';
import { createMissedEvents } from './missed-events';
import { reclaimJobs } from './refresher';

/** DingTalk lists a callback as failed three to five minutes after its last attempt. */
const MISSED_EVERY_MS = 5 * 60_000;
const MISSED_AFTER_MS = 5000;
/** A refresh job that is older belongs to a process that has ended, or has given up. */
const ORPHANED_MS = 10 * 60_000;
const RECLAIM_EVERY_MS = 60_000;

/** Fetches the callbacks that DingTalk could not deliver while no process answered. */
const takeMissed = singleton('missed-events', () => {
  const { store } = sessions();
  return createMissedEvents({
    take: () => takeFailedEvents(dingTalkClient()),
    dispatch: (event) => dispatcher().dispatch(event),
    inbox: store,
  });
});

const stream = singleton('stream', (): { current?: Stream } => ({}));

/**
 * Goes on with refresh jobs that are left, connects to DingTalk's Stream gateway where `DINGTALK_STREAM=on`, and fetches
 * undelivered callbacks.
 */
export function startEvents(): void {
  const { stream: wanted, apiUrl, callback } = config();
  void reclaimJobs(0);
  setInterval(() => void reclaimJobs(ORPHANED_MS), RECLAIM_EVERY_MS).unref();
  if (callback) {
    const fetchMissed = () =>
      takeMissed()().catch((error: unknown) => log().warn({ event: 'missed-events', err: error }));
    setTimeout(fetchMissed, MISSED_AFTER_MS).unref();
    setInterval(fetchMissed, MISSED_EVERY_MS).unref();
  }
  if (!wanted) return;
  stream().current ??= startStream({
    client: dingTalkClient(),
    apiUrl,
    proxyFor: proxyFor(),
    onEvent: (event) => dispatcher().dispatch(event),
    log: (line: StreamLine) => (line.event === 'stream-connected' ? log().info(line) : log().warn(line)),
  });
}

/** How events come to this process, and their outcomes since it started. */
export interface ReceivedEvents {
  stream: {
    status: StreamState['status'] | 'off';
    since: number | undefined;
    reason: string | undefined;
    /** Events since the start. */
    received: number;
  };
  callback: boolean;
  counts: ReturnType<Dispatcher['counts']>;
}

/** @returns times as Unix time in ms */
export function receivedEvents(): ReceivedEvents {
  const state = stream().current?.state();
  return {
    stream: {
      status: state?.status ?? 'off',
      since: state && Date.now() - (performance.now() - state.since),
      reason: state?.reason,
      received: state?.events ?? 0,
    },
    callback: config().callback !== undefined,
    counts: dispatcher().counts(),
  };
}

export async function closeEvents(): Promise<void> {
  await stream().current?.close();
}
