import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { Alarms } from './alarms';
import type { Clock } from './clock';
import { type CompanyEvent, streamParts } from './company-event';
import { createConnections, type StreamConnection } from './stream-connections';

/** Where an app connects to, on the emulator's own port. */
export const STREAM_PATH = '/v1.0/gateway/connect';

const MOST_WAITING = 10_000;
/** Between the word to leave and the end of a connection. */
const LEAVE_WITHIN_MS = 10_000;

/** How the gateway behaves, and what it shall do now. */
export const streamRequest = z.strictObject({
  /** `silent`: every connection, old and new, stands and is dead. `mute`: only pings are answered. `unanswered`: so is no handshake. */
  mode: z.enum(['normal', 'silent', 'mute', 'unanswered']).optional(),
  /** Life of a ticket. */
  ticketLifeMs: z.int().min(0).optional(),
  /** An event that was not acknowledged is sent again after so long. */
  redeliverAfterMs: z.int().min(1).optional(),
  /** The gateway pings so often. */
  pingEveryMs: z.int().min(10).optional(),
  /** Whether a new connection is greeted with `CONNECTED` and `REGISTERED`, which nothing promises. */
  greets: z.boolean().optional(),
  /** Whether tickets name another host, as DingTalk's second one does: here the other loopback name. */
  secondHost: z.boolean().optional(),
  /**
   * Now: a ping; the word to leave; a reset of all connections; an end of TCP without a word of WebSocket; a close
   * frame after which TCP is left standing; or they are forgotten without a word.
   */
  act: z.enum(['ping', 'disconnect', 'kill', 'end', 'close-and-stay', 'half-open']).optional(),
});

/** A change of the gateway, as tests and the control plane order it. */
export type StreamRequest = z.input<typeof streamRequest>;

/** What the gateway knows of itself. */
export interface StreamReport {
  mode: 'normal' | 'silent' | 'mute' | 'unanswered';
  ticketLifeMs: number;
  redeliverAfterMs: number;
  pingEveryMs: number;
  greets: boolean;
  secondHost: boolean;
  connections: number;
  /** Since the last reset: connections made, the most at once, handshakes refused for their ticket. */
  opened: number;
  peak: number;
  refused: number;
  /** Events that wait for an acknowledgement, and those sent for the first time or again, and acknowledged. */
  waiting: number;
  sent: number;
  acknowledged: number;
  later: number;
  pongs: number;
}

interface Waiting {
  event: CompanyEvent;
  /** 0: never. */
  dueAt: number;
}

/** DingTalk's Stream: tickets, connections, and events that are sent until they are acknowledged. */
export interface StreamGateway {
  /** An address to connect to, and a ticket: good for one connection, for 90 s. @param origin the emulator's own */
  issueTicket(origin: string): { endpoint: string; ticket: string };
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Keeps the event until an app has acknowledged it; drops it while no app has ever connected. */
  send(event: CompanyEvent): void;
  change(request: StreamRequest): StreamReport;
  reset(): void;
  close(): void;
}

/** Makes a gateway without connections. @see https://open.dingtalk.com/document/development/stream-mode */
export function createStreamGateway(options: { clock: Clock; alarms: Alarms; appId: string }): StreamGateway {
  const { clock, alarms, appId } = options;
  const { accept } = createConnections({ clock });
  const tickets = new Map<string, number>();
  const connections = new Set<StreamConnection>();
  /** By event id. */
  const waiting = new Map<string, Waiting>();
  /** Message id to event id. */
  const messages = new Map<string, string>();
  const defaults = {
    mode: 'normal' as StreamReport['mode'],
    ticketLifeMs: 90_000,
    redeliverAfterMs: 60_000,
    pingEveryMs: 60_000,
    greets: false,
    secondHost: false,
  };
  const noCounts = { opened: 0, peak: 0, refused: 0, sent: 0, acknowledged: 0, later: 0, pongs: 0 };
  let settings = { ...defaults };
  let counts = { ...noCounts };
  let stopPings: () => void = () => {};

  function handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    if (settings.mode === 'unanswered') return;
    const ticket = new URL(req.url ?? '/', 'http://emulator').searchParams.get('ticket') ?? '';
    const expiresAt = tickets.get(ticket);
    tickets.delete(ticket);
    if (expiresAt === undefined || clock.now() >= expiresAt) {
      counts.refused += 1;
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    accept({ req, socket, head }, { onOpen, onAck, onEnd: (connection) => connections.delete(connection) });
  }

  function onOpen(connection: StreamConnection): void {
    connection.isDeaf = settings.mode === 'silent';
    connection.isMute = settings.mode === 'mute';
    connections.add(connection);
    counts.opened += 1;
    counts.peak = Math.max(counts.peak, connections.size);
    if (settings.greets)
      for (const topic of ['CONNECTED', 'REGISTERED']) connection.say('SYSTEM', { topic }, {});
    if (counts.opened === 1) pingLater();
    deliver();
  }

  function onAck({
    code,
    messageId,
    status,
  }: {
    code: number;
    messageId: string;
    status: string | undefined;
  }): void {
    const eventId = messages.get(messageId);
    if (eventId === undefined) {
      counts.pongs += 1;
      return;
    }
    messages.delete(messageId);
    const isDone = code === 200 && status === 'SUCCESS';
    counts[isDone ? 'acknowledged' : 'later'] += 1;
    if (isDone) waiting.delete(eventId);
  }

  /** Sends what is due, each event on any one of the connections that the gateway believes in. */
  function deliver(): void {
    const open = [...connections].filter(({ isLeaving }) => !isLeaving);
    if (open.length === 0) return;
    for (const [eventId, entry] of waiting) {
      if (entry.dueAt > clock.now()) continue;
      const messageId = randomUUID();
      messages.set(messageId, eventId);
      entry.dueAt = clock.now() + settings.redeliverAfterMs;
      alarms.in(settings.redeliverAfterMs, deliver);
      counts.sent += 1;
      const { headers, data } = streamParts(entry.event, appId);
      open[Math.floor(Math.random() * open.length)]!.say('EVENT', { ...headers, messageId }, data);
    }
  }

  function pingLater(): void {
    stopPings();
    stopPings = alarms.in(settings.pingEveryMs, () => {
      act('ping');
      pingLater();
    });
  }

  function act(what: NonNullable<StreamRequest['act']>): void {
    for (const connection of connections) {
      if (what === 'ping') connection.say('SYSTEM', { topic: 'ping' }, { opaque: randomUUID() });
      if (what === 'kill') connection.kill();
      if (what === 'end') connection.end();
      if (what === 'close-and-stay') connection.sayClose();
      if (what === 'half-open' || what === 'close-and-stay') {
        connection.isDeaf = true;
        connections.delete(connection);
      }
      if (what === 'disconnect') {
        connection.say('SYSTEM', { topic: 'disconnect' }, { reason: 'persistent connection is timeout' });
        connection.isLeaving = true;
        alarms.in(LEAVE_WITHIN_MS, connection.close);
      }
    }
  }

  function report(): StreamReport {
    return { ...settings, connections: connections.size, waiting: waiting.size, ...counts };
  }

  return {
    issueTicket(origin) {
      const ticket = randomUUID();
      tickets.set(ticket, clock.now() + settings.ticketLifeMs);
      const address = new URL(STREAM_PATH, origin.replace(/^http/, 'ws'));
      if (settings.secondHost) address.hostname = 'localhost';
      return { endpoint: address.href, ticket };
    },
    handleUpgrade,
    send(event) {
      if (counts.opened === 0 || waiting.size >= MOST_WAITING) return;
      // The same event asked for again is sent again, a duplicate.
      waiting.set(event.id, { event, dueAt: 0 });
      deliver();
    },
    change(request) {
      const { act: wanted, ...change } = streamRequest.parse(request);
      settings = {
        ...settings,
        ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
      };
      for (const connection of connections) {
        if (change.mode === 'silent') connection.isDeaf = true;
        if (change.mode === 'mute') connection.isMute = true;
      }
      if (change.pingEveryMs !== undefined) pingLater();
      if (wanted) act(wanted);
      return report();
    },
    reset() {
      settings = { ...defaults };
      counts = { ...noCounts, opened: connections.size, peak: connections.size };
      tickets.clear();
      waiting.clear();
      messages.clear();
      if (connections.size > 0) pingLater();
    },
    close() {
      for (const connection of connections) connection.kill();
    },
  };
}
