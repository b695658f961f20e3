import type { DirectoryEvent } from '../event';

export interface StreamLine {
  /** `stream-later`: an event could not be dealt with, and is to come again. */
  event: 'stream-connected' | 'stream-lost' | 'stream-later';
  /** Why it was lost, or could not be had: a code. */
  reason?: string | undefined;
  /** Attempts since it was lost. */
  attempts: number;
  eventId?: string | undefined;
  /** What `onEvent` threw. */
  err?: unknown;
}

/** For readiness and metrics. */
export interface StreamState {
  status: 'connecting' | 'connected' | 'closed';
  /** On the clock of `now`. */
  since: number;
  /** Connections so far. */
  connections: number;
  /** Attempts since the last connection. */
  attempts: number;
  /** The last failure's code. */
  reason: string | undefined;
  events: number;
  /** Events of unknown types; they are passed on, and acknowledged like the others. */
  unknownEvents: number;
  /** Frames that were not in the protocol, or that we did not subscribe to. */
  oddFrames: number;
}

/**
 * The state of a stream, and its lines in the log.
 *
 * @param now milliseconds on a clock that never jumps
 */
export function createStreamState(now: () => number, log: (line: StreamLine) => void) {
  const state: StreamState = {
    status: 'connecting',
    since: now(),
    connections: 0,
    attempts: 0,
    reason: undefined,
    events: 0,
    unknownEvents: 0,
    oddFrames: 0,
  };
  return {
    state,
    opened(): void {
      log({ event: 'stream-connected', attempts: state.attempts });
      Object.assign(state, { status: 'connected', since: now(), attempts: 0, reason: undefined });
      state.connections += 1;
    },
    lost(reason: string): void {
      const isNews = state.status === 'connected' || state.reason !== reason;
      if (isNews) log({ event: 'stream-lost', reason, attempts: state.attempts });
      if (state.status === 'connected') Object.assign(state, { status: 'connecting', since: now() });
      state.reason = reason;
    },
    frame(kind: string): void {
      if (kind === 'malformed' || kind === 'foreign') state.oddFrames += 1;
    },
    event({ type }: DirectoryEvent): void {
      state.events += 1;
      if (type === 'unknown') state.unknownEvents += 1;
    },
    /** The connection only answers LATER: without this line the event would be repeated for ever, unnoticed. */
    eventFailed({ id }: DirectoryEvent, error: unknown): void {
      log({ event: 'stream-later', attempts: state.attempts, eventId: id, err: error });
    },
  };
}
