import { z } from 'zod';
import type { ProxyFor } from '../agents';
import type { Client } from '../client';
import { DingTalkError } from '../errors';
import type { DirectoryEvent } from '../event';
import { type Connection, openConnection, type StreamTimes, type Timers } from './connection';
import { createOpenSocket, type OpenSocket } from './socket';
import { createStreamState, type StreamLine, type StreamState } from './stream-state';

const OPEN_PATH = '/v1.0/gateway/connections/open';

export interface StreamOptions {
  /** Asks for the tickets, with the app's own credentials. */
  client: Client;
  /** Base of the new API, as the client has it. Only where that is `http:` may the connection be unencrypted. */
  apiUrl: string;
  /**
   * Resolves when the event's effect is durable: only then is it acknowledged. A rejection has DingTalk send it
   * again, as does a connection that ends. The same event may come several times.
   */
  onEvent(event: DirectoryEvent): Promise<unknown>;
  /** Called when the connection is there and when it is lost, each once, and of each event that is to come later. */
  log?(line: StreamLine): void;
  /** Milliseconds on a clock that never jumps. */
  now?(): number;
  random?(): number;
  timers?: Timers;
  /** Through which proxy the gateway is connected to; by default directly. */
  proxyFor?: ProxyFor;
  openSocket?: OpenSocket;
  times?: Partial<StreamTimes>;
}

export interface Stream {
  /** Acknowledges what is under way, ends the connection, and lets nothing begin again. */
  close(): Promise<void>;
  state(): StreamState;
}

/**
 * Events flow again at most 5 s after a fault ends. The worst fault is a gateway that takes a connection in its last
 * moment and never speaks on it: 3.5 s until that is found out, 1 s pause, and the way back.
 */
const TIMES: StreamTimes = {
  stepMs: 2500,
  pingMs: 1500,
  silenceMs: 3500,
  noFrameMs: 10 * 60_000,
  drainMs: 2000,
};
/** Pauses grow from the first to the second, doubling. */
const PAUSE_MS = { fault: [250, 1000], refusal: [1000, 30_000] } as const;
/** A connection that lived this long was a good one: the next pause begins from the start. */
const GOOD_AFTER_MS = 10_000;

const TIMERS: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/**
 * DingTalk's events by a connection that we open: no public address, no encryption of our own. One connection at a
 * time, opened anew with a new ticket whenever it ends, is lost, or falls silent.
 *
 * @see https://open.dingtalk.com/document/development/stream-mode
 */
export function startStream(options: StreamOptions): Stream {
  const { client, apiUrl, onEvent, log, now = () => performance.now(), random = Math.random } = options;
  const timers = options.timers ?? TIMERS;
  const times = { ...TIMES, ...options.times };
  const world = {
    openSocket: options.openSocket ?? createOpenSocket({ proxyFor: options.proxyFor }),
    timers,
    times,
  };
  let isClosed = false;
  const record = createStreamState(now, (line) => {
    // That it is lost when it is closed is no news.
    if (!isClosed || line.event !== 'stream-lost') log?.(line);
  });
  const { state } = record;
  const pass = recorded(onEvent, record);
  let openedAt = 0;
  let stop: (reason: string) => void = () => undefined;

  /** One attempt: a ticket, a connection, its whole life. @returns the pause that its end asks for */
  async function liveOnce(): Promise<'fault' | 'refusal'> {
    const attempt = new AbortController();
    stop = () => attempt.abort();
    const limit = timers.set(() => attempt.abort(), times.stepMs);
    let connection: Connection;
    try {
      const url = await fetchAddress(client, { apiUrl, signal: attempt.signal });
      if (isClosed) return 'fault';
      connection = openConnection(url, { onOpen, onFrame: record.frame, onEvent: pass }, world);
    } catch (error) {
      record.lost(error instanceof DingTalkError ? error.code : 'unexpected');
      return isRefusal(error) ? 'refusal' : 'fault';
    } finally {
      timers.clear(limit);
    }
    stop = connection.leave;
    record.lost(await connection.ended);
    return 'fault';
  }

  function onOpen(): void {
    openedAt = now();
    record.opened();
  }

  async function live(): Promise<void> {
    let failures = 0;
    while (!isClosed) {
      state.attempts += 1;
      const kind = await liveOnce();
      if (isClosed) break;
      const wasGood = state.attempts === 0 && now() - openedAt >= GOOD_AFTER_MS;
      failures = wasGood ? 0 : failures + 1;
      const pause = startPause(timers, pauseMsAfter(failures, kind) * (0.5 + random() / 2));
      stop = pause.end;
      await pause.ended;
    }
  }

  const life = live();
  return {
    async close() {
      isClosed = true;
      stop('closed');
      await life;
      state.status = 'closed';
    },
    state: () => ({ ...state }),
  };
}

/** Passes events on, and counts them. */
function recorded(onEvent: StreamOptions['onEvent'], record: ReturnType<typeof createStreamState>) {
  return async (event: DirectoryEvent): Promise<void> => {
    record.event(event);
    try {
      await onEvent(event);
    } catch (error) {
      record.eventFailed(event, error);
      throw error;
    }
  };
}

/** @param failures in a row */
function pauseMsAfter(failures: number, kind: 'fault' | 'refusal'): number {
  const [least, most] = PAUSE_MS[kind];
  return Math.min(least * 2 ** Math.min(failures, 16), most);
}

/** A wait that can be ended early. */
function startPause(timers: Timers, ms: number) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    const timer = timers.set(resolve, ms);
    end = () => {
      timers.clear(timer);
      resolve();
    };
  });
  return { ended, end };
}

/** Asks where to connect to. The address holds a ticket: good for 90 s and one connection. */
async function fetchAddress(
  client: Client,
  { apiUrl, signal }: { apiUrl: string; signal: AbortSignal },
): Promise<URL> {
  const { endpoint, ticket } = await client.call({
    host: 'api',
    method: 'POST',
    path: OPEN_PATH,
    body: { ...client.credentials, ua: 'dingpass', subscriptions: [{ type: 'EVENT', topic: '*' }] },
    schema: z.object({ endpoint: z.url({ protocol: /^wss?$/ }), ticket: z.string().min(1).max(1024) }),
    token: 'none',
    repeatable: false,
    paced: true,
    budget: { signal, calls: 0 },
  });
  const url = new URL(endpoint);
  if (url.protocol !== 'wss:' && !apiUrl.startsWith('http:')) {
    throw new DingTalkError('malformed', { api: OPEN_PATH, code: 'unencrypted', mayHaveHadEffect: false });
  }
  url.searchParams.set('ticket', ticket);
  return url;
}

/** DingTalk refuses the app, or asks for fewer calls: that does not pass within seconds. */
function isRefusal(error: unknown): boolean {
  return error instanceof DingTalkError && (error.isThrottled || !error.isTransient);
}
