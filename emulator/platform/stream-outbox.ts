import { randomUUID } from 'node:crypto';
import type { Alarms } from './alarms';
import type { Clock } from './clock';
import { type CompanyEvent, streamParts } from './company-event';
import type { StreamAck, StreamConnection } from './stream-connections';

const MOST_WAITING = 10_000;
const NO_COUNTS = { sent: 0, acknowledged: 0, later: 0, pongs: 0 };

/** Events that are sent until an app acknowledges them. */
export function createStreamOutbox(options: {
  clock: Clock;
  alarms: Alarms;
  appId: string;
  /** The connections that the gateway takes for alive. */
  connections(): StreamConnection[];
  redeliverAfterMs(): number;
}) {
  const { clock, alarms, appId } = options;
  /** By event id. */
  const waiting = new Map<string, { event: CompanyEvent; dueAt: number }>();
  /** Message id to event id. */
  const messages = new Map<string, string>();
  let counts = { ...NO_COUNTS };

  /** Sends what is due, each event on one of the connections. */
  function deliver(): void {
    const open = options.connections();
    if (open.length === 0) return;
    for (const [eventId, entry] of waiting) {
      if (entry.dueAt > clock.now()) continue;
      const messageId = randomUUID();
      messages.set(messageId, eventId);
      entry.dueAt = clock.now() + options.redeliverAfterMs();
      alarms.in(options.redeliverAfterMs(), deliver);
      counts.sent += 1;
      const { headers, data } = streamParts(entry.event, appId);
      open[Math.floor(Math.random() * open.length)]!.send('EVENT', { ...headers, messageId }, data);
    }
  }

  return {
    deliver,
    /** An event that is already waiting is sent again: a duplicate. */
    add(event: CompanyEvent): void {
      if (waiting.size >= MOST_WAITING) return;
      waiting.set(event.id, { event, dueAt: 0 });
      deliver();
    },
    acknowledge({ code, messageId, status }: StreamAck): void {
      const eventId = messages.get(messageId);
      if (eventId === undefined) {
        counts.pongs += 1;
        return;
      }
      messages.delete(messageId);
      const isDone = code === 200 && status === 'SUCCESS';
      counts[isDone ? 'acknowledged' : 'later'] += 1;
      if (isDone) waiting.delete(eventId);
    },
    report: () => ({ waiting: waiting.size, ...counts }),
    reset(): void {
      counts = { ...NO_COUNTS };
      waiting.clear();
      messages.clear();
    },
  };
}
