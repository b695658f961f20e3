import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { Alarms } from './alarms';
import type { Clock } from './clock';
import type { CompanyEvent } from './company-event';
import { createConnections, type StreamConnection } from './stream-connections';
import { createStreamOutbox } from './stream-outbox';

/** Where an app connects to, on the emulator's own port. */
export const STREAM_PATH = '/v1.0/gateway/connect';

/** From the `disconnect` frame to the end of the connection. */
const LEAVE_WITHIN_MS = 10_000;

/** How the gateway behaves, and what it does now. */
const streamRequest = z.strictObject({
  /** `silent`: every connection, old and new, stays open and nothing is sent or read. `mute`: only pings are answered. `unanswered`: handshakes are not answered. */
  mode: z.enum(['normal', 'silent', 'mute', 'unanswered']).optional(),
  /** Life of a ticket. */
  ticketLifeMs: z.int().min(0).optional(),
  /** An event that was not acknowledged is sent again after so long. */
  redeliverAfterMs: z.int().min(1).optional(),
  /** The gateway pings so often. */
  pingEveryMs: z.int().min(10).optional(),
  /** Whether a new connection is greeted with `CONNECTED` and `REGISTERED`, which is undocumented. */
  greets: z.boolean().optional(),
  /** Whether tickets name another host, as DingTalk's second one does: here `localhost`. */
  secondHost: z.boolean().optional(),
  /**
   * At once, on all connections: a ping; a `disconnect` frame; a TCP reset; a TCP end without a close frame; a close
   * frame after which TCP stays open; or nothing is sent any more on open connections.
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

const DEFAULTS = {
  mode: 'normal' as StreamReport['mode'],
  ticketLifeMs: 90_000,
  redeliverAfterMs: 60_000,
  pingEveryMs: 60_000,
  greets: false,
  secondHost: false,
};

/** Makes a gateway without connections. @see https://open.dingtalk.com/document/development/stream-mode */
export function createStreamGateway(options: { clock: Clock; alarms: Alarms; appId: string }): StreamGateway {
  const { clock, alarms } = options;
  const { accept } = createConnections({ clock });
  const tickets = createTickets(clock);
  const connections = new Set<StreamConnection>();
  let settings = { ...DEFAULTS };
  let counts = { opened: 0, peak: 0, refused: 0 };
  let stopPings: () => void = () => {};
  const outbox = createStreamOutbox({
    ...options,
    connections: () => [...connections].filter(({ isLeaving }) => !isLeaving),
    redeliverAfterMs: () => settings.redeliverAfterMs,
  });

  function onOpen(connection: StreamConnection): void {
    applyMode(connection, settings.mode);
    connections.add(connection);
    counts.opened += 1;
    counts.peak = Math.max(counts.peak, connections.size);
    if (settings.greets)
      for (const topic of ['CONNECTED', 'REGISTERED']) connection.send('SYSTEM', { topic }, {});
    if (counts.opened === 1) schedulePings();
    outbox.deliver();
  }

  function schedulePings(): void {
    stopPings();
    stopPings = alarms.in(settings.pingEveryMs, () => {
      actOn(connections, 'ping', alarms);
      schedulePings();
    });
  }

  return {
    issueTicket(origin) {
      const address = new URL(STREAM_PATH, origin.replace(/^http/, 'ws'));
      if (settings.secondHost) address.hostname = 'localhost';
      return { endpoint: address.href, ticket: tickets.issue(settings.ticketLifeMs) };
    },
    handleUpgrade(req, socket, head) {
      socket.on('error', () => {});
      if (settings.mode === 'unanswered') return;
      if (!tickets.redeem(new URL(req.url ?? '/', 'http://emulator').searchParams.get('ticket') ?? '')) {
        counts.refused += 1;
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      const onEnd = (connection: StreamConnection) => connections.delete(connection);
      accept({ req, socket, head }, { onOpen, onAck: outbox.acknowledge, onEnd });
    },
    send(event) {
      if (counts.opened > 0) outbox.add(event);
    },
    change(request) {
      const { act: wanted, ...change } = streamRequest.parse(request);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      settings = { ...settings, ...given };
      if (change.mode) for (const connection of connections) applyMode(connection, change.mode);
      if (change.pingEveryMs !== undefined) schedulePings();
      if (wanted) actOn(connections, wanted, alarms);
      return { ...settings, connections: connections.size, ...counts, ...outbox.report() };
    },
    reset() {
      settings = { ...DEFAULTS };
      counts = { opened: connections.size, peak: connections.size, refused: 0 };
      tickets.clear();
      outbox.reset();
      if (connections.size > 0) schedulePings();
    },
    close() {
      for (const connection of connections) connection.kill();
    },
  };
}

type Act = NonNullable<StreamRequest['act']>;

/** What an order does with each connection. */
const ACTS: Record<Act, (connection: StreamConnection) => void> = {
  ping: (connection) => connection.send('SYSTEM', { topic: 'ping' }, { opaque: randomUUID() }),
  kill: (connection) => connection.kill(),
  end: (connection) => connection.end(),
  'close-and-stay': (connection) => {
    connection.sendClose();
    connection.isDeaf = true;
  },
  'half-open': (connection) => {
    connection.isDeaf = true;
  },
  disconnect: (connection) => {
    connection.send('SYSTEM', { topic: 'disconnect' }, { reason: 'persistent connection is timeout' });
    connection.isLeaving = true;
  },
};

function actOn(connections: Set<StreamConnection>, what: Act, alarms: Alarms): void {
  for (const connection of connections) {
    ACTS[what](connection);
    if (what === 'half-open' || what === 'close-and-stay') connections.delete(connection);
    if (what === 'disconnect') alarms.in(LEAVE_WITHIN_MS, connection.close);
  }
}

/** A connection that became deaf or mute stays so, whatever the mode is later. */
function applyMode(connection: StreamConnection, mode: StreamReport['mode']): void {
  if (mode === 'silent') connection.isDeaf = true;
  if (mode === 'mute') connection.isMute = true;
}

/** Tickets: each opens one connection, while it lives. */
function createTickets(clock: Clock) {
  const expiries = new Map<string, number>();
  return {
    issue(lifeMs: number): string {
      const ticket = randomUUID();
      expiries.set(ticket, clock.now() + lifeMs);
      return ticket;
    },
    redeem(ticket: string): boolean {
      const expiresAt = expiries.get(ticket);
      expiries.delete(ticket);
      return expiresAt !== undefined && clock.now() < expiresAt;
    },
    clear: () => expiries.clear(),
  };
}
