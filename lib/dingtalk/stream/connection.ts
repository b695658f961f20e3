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
  /** A connection on which nothing arrived for so long, not even the answer to a ping, is dead. */
  silenceMs: number;
  /** One whose far end answers pings, but that brought no frame for so long, is not trusted any longer. */
  noFrameMs: number;
  /** What is under way when a connection is to end has so long to be acknowledged on it. */
  drainMs: number;
}

/** How long the gateway has to answer our close frame. */
const CLOSE_MS = 500;

interface ConnectionListeners {
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
  const armed = createNamedTimers(timers);
  let underWay = 0;
  let isOpen = false;
  let leaving: string | undefined;
  let finish: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    finish = resolve;
  });
  let socket: StreamSocket | undefined;

  function end(reason: string): void {
    armed.clearAll();
    socket?.terminate();
    socket = undefined;
    finish(leaving ?? reason);
  }

  function leave(reason: string): void {
    if (leaving !== undefined) return;
    leaving = reason;
    if (underWay === 0) closeSocket();
    else armed.set('drain', times.drainMs, () => end(reason));
  }

  /** The acknowledgements that were just written are sent before the socket goes. */
  function closeSocket(): void {
    socket?.close();
    armed.set('drain', isOpen ? CLOSE_MS : 0, () => end('left'));
  }

  function onSign(): void {
    if (socket) armed.set('silence', times.silenceMs, () => end('silent'));
  }

  async function settle(messageId: string, event: DirectoryEvent): Promise<void> {
    underWay += 1;
    const status = await statusOf(listeners.onEvent(event));
    underWay -= 1;
    socket?.send(toAck(messageId, JSON.stringify({ status, message: status })));
    if (leaving !== undefined && underWay === 0 && socket) closeSocket();
  }

  function onText(text: string): void {
    const frame = parseFrame(text);
    listeners.onFrame(frame.kind);
    armed.set('no-frame', times.noFrameMs, () => leave('no-frame'));
    if (frame.kind === 'ping') socket?.send(toAck(frame.messageId, frame.data));
    else if (frame.kind === 'disconnect') leave('asked-to-leave');
    else if (frame.kind === 'foreign') socket?.send(toAck(frame.messageId, '{}', [404, 'not subscribed']));
    else if (frame.kind === 'event') void settle(frame.messageId, frame.event);
  }

  armed.set('handshake', times.stepMs, () => end('handshake-timeout'));
  socket = world.openSocket(url, {
    onOpen() {
      if (!socket) return;
      isOpen = true;
      armed.clear('handshake');
      onSign();
      armed.set('no-frame', times.noFrameMs, () => leave('no-frame'));
      armed.repeat('ping', times.pingMs, () => socket?.ping());
      listeners.onOpen();
    },
    onText,
    onSign,
    onEnd: end,
  });
  return { ended, leave };
}

/** What DingTalk is told of an event, when its effect is durable or has failed. */
function statusOf(effect: Promise<unknown>): Promise<'SUCCESS' | 'LATER'> {
  return effect.then(
    () => 'SUCCESS',
    () => 'LATER',
  );
}

/** Timers by name: one that is set again takes the place of the one before. */
function createNamedTimers(timers: Timers) {
  const armed = new Map<string, unknown>();
  function set(name: string, ms: number, run: () => void): void {
    timers.clear(armed.get(name));
    armed.set(name, timers.set(run, ms));
  }
  /** Runs at once, and then again and again. */
  function repeat(name: string, ms: number, run: () => void): void {
    run();
    set(name, ms, () => repeat(name, ms, run));
  }
  return {
    set,
    repeat,
    clear: (name: string) => timers.clear(armed.get(name)),
    clearAll(): void {
      for (const timer of armed.values()) timers.clear(timer);
      armed.clear();
    },
  };
}
