import type { DirectoryEvent } from '../event';
import { parseFrame, toAck } from './frame';
import type { OpenSocket, StreamSocket } from './socket';

/** Timers that a test can wind on by itself. */
export interface Timers {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

/** How long what may take, in ms. */
export interface StreamTimes {
  /** Limit of each of the two steps to a connection: the ticket, and the handshake. */
  stepMs: number;
  /** A ping of ours goes out this often. */
  pingMs: number;
  /** A connection on which nothing was heard for so long, not even the answer to a ping, is dead. */
  silenceMs: number;
  /** One whose far end answers pings, but that brought no frame for so long, is not trusted any longer. */
  noFrameMs: number;
  /** What is under way when a connection is to end has so long to be acknowledged on it. */
  drainMs: number;
}

/** The far end has so long to answer our goodbye. */
const GOODBYE_MS = 500;

/** What a connection tells while it lives. */
export interface ConnectionListeners {
  onOpen(): void;
  onFrame(kind: 'event' | 'malformed' | 'foreign' | 'system' | 'ping' | 'disconnect'): void;
  /** @returns when the event is durable; it is acknowledged then. A rejection has it sent again. */
  onEvent(event: DirectoryEvent): Promise<unknown>;
}

export interface Connection {
  /** Settles when the connection has ended for good and its socket is gone: with the reason, never rejected. */
  readonly ended: Promise<string>;
  /** Lets what is under way be acknowledged, then ends it. */
  leave(reason: string): void;
}

/**
 * One connection to the gateway, from the handshake to its end. Whatever goes wrong with it ends it, and the far end
 * sends again what was not acknowledged.
 */
export function openConnection(
  url: URL,
  listeners: ConnectionListeners,
  world: { openSocket: OpenSocket; timers: Timers; times: StreamTimes },
): Connection {
  const { timers, times } = world;
  const armed = new Map<string, unknown>();
  let underWay = 0;
  let isOpen = false;
  let leaving: string | undefined;
  let finish: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    finish = resolve;
  });
  let socket: StreamSocket | undefined;

  /** Sets a timer by its name, in place of the one before. */
  function arm(name: string, ms: number, run: () => void): void {
    timers.clear(armed.get(name));
    armed.set(name, timers.set(run, ms));
  }

  function end(reason: string): void {
    for (const timer of armed.values()) timers.clear(timer);
    armed.clear();
    socket?.terminate();
    socket = undefined;
    finish(leaving ?? reason);
  }

  function leave(reason: string): void {
    if (leaving !== undefined) return;
    leaving = reason;
    if (underWay === 0) goodbye();
    else arm('drain', times.drainMs, () => end(reason));
  }

  /** The acknowledgements that were just written are sent before the socket goes. */
  function goodbye(): void {
    socket?.close();
    arm('drain', isOpen ? GOODBYE_MS : 0, () => end('left'));
  }

  function pingAndAgain(): void {
    socket?.ping();
    arm('ping', times.pingMs, pingAndAgain);
  }

  function hear(): void {
    if (socket) arm('silence', times.silenceMs, () => end('silent'));
  }

  async function settle(messageId: string, event: DirectoryEvent): Promise<void> {
    underWay += 1;
    let status = 'SUCCESS';
    try {
      await listeners.onEvent(event);
    } catch {
      status = 'LATER';
    }
    underWay -= 1;
    socket?.send(toAck(messageId, JSON.stringify({ status, message: status })));
    if (leaving !== undefined && underWay === 0 && socket) goodbye();
  }

  function onText(text: string): void {
    const frame = parseFrame(text);
    listeners.onFrame(frame.kind);
    arm('no-frame', times.noFrameMs, () => leave('no-frame'));
    if (frame.kind === 'ping') socket?.send(toAck(frame.messageId, frame.data));
    else if (frame.kind === 'disconnect') leave('asked-to-leave');
    else if (frame.kind === 'foreign') socket?.send(toAck(frame.messageId, '{}', [404, 'not subscribed']));
    else if (frame.kind === 'event') void settle(frame.messageId, frame.event);
  }

  arm('handshake', times.stepMs, () => end('handshake-timeout'));
  socket = world.openSocket(url, {
    onOpen() {
      if (!socket) return;
      isOpen = true;
      timers.clear(armed.get('handshake'));
      hear();
      arm('no-frame', times.noFrameMs, () => leave('no-frame'));
      pingAndAgain();
      listeners.onOpen();
    },
    onText,
    onSign: hear,
    onEnd: end,
  });
  return { ended, leave };
}
