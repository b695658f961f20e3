import 'server-only';
import { ALERTS, type Alert } from '../alarm';
import type { OperatingState } from './operating-state';

/** What the rules look at besides the state. */
export interface AlertSettings {
  /** Seconds from one reading of the directory to the next; 0: never by itself. */
  intervalSeconds: number;
}

const MINUTE_MS = 60_000;
/** The same news is sent once in this time, by whichever process. */
export const QUIET_MS = 10 * MINUTE_MS;
/** The share of the month's calls that raises an alert. */
const NEARLY_SPENT = 0.9;
/** A directory that is older than so many intervals. */
const MISSED_READINGS = 3;

/** How long a fault lasts before it is news. The same five are in `deploy/prometheus/alerts.yml`. */
export const ALERT_AFTER_MS: Record<Alert, number> = {
  'sign-in': 2 * MINUTE_MS,
  database: MINUTE_MS,
  directory: 10 * MINUTE_MS,
  events: 5 * MINUTE_MS,
  quota: MINUTE_MS,
};

/** Whether a fault is there; undefined where it is not known. @param at Unix time in ms */
function isFaulty(
  alert: Alert,
  { notReady, signIn, directory, events, calls }: OperatingState,
  { intervalSeconds }: AlertSettings,
  at: number,
): boolean | undefined {
  switch (alert) {
    case 'sign-in':
      return !signIn.ok;
    case 'database':
      return notReady === 'database';
    case 'directory':
      if (intervalSeconds === 0) return false;
      if (directory?.completeAsOf === undefined) return undefined;
      return at - directory.completeAsOf > MISSED_READINGS * intervalSeconds * 1000;
    case 'events':
      return events.stream.status !== 'off' && events.stream.status !== 'connected';
    case 'quota':
      return calls && calls.limit > 0 && calls.used >= NEARLY_SPENT * calls.limit;
  }
}

export interface News {
  alert: Alert;
  isOver: boolean;
}

interface AlertOptions {
  settings: AlertSettings;
  /** Sends all news of a moment as one message. @throws where it was not taken */
  send(news: readonly News[]): Promise<void>;
  /** What was sent and lasts, for pages. */
  informed: Set<Alert>;
  /**
   * `mine`: this process sends it · `sent`: another one has · `pending`: another one is at it. A database that is away
   * says nothing: then each process sends.
   */
  claim(news: News): Promise<'mine' | 'sent' | 'pending'>;
  conclude(news: News, wasSent: boolean): Promise<void>;
  /** Unix time in ms. */
  now?: () => number;
}

/** Turns states into news: once when a fault has lasted, and once when it is over. What cannot be sent is tried again. */
export function createAlerts({ settings, send, informed, claim, conclude, now = Date.now }: AlertOptions) {
  const since = new Map<Alert, number>();
  let notBefore = 0;

  function newsOf(state: OperatingState): News[] {
    return ALERTS.flatMap((alert): News[] => {
      const faulty = isFaulty(alert, state, settings, now());
      if (faulty === undefined) return [];
      if (!faulty) {
        since.delete(alert);
        return informed.has(alert) ? [{ alert, isOver: true }] : [];
      }
      if (!since.has(alert)) since.set(alert, now());
      const lasts = now() - (since.get(alert) ?? now()) >= ALERT_AFTER_MS[alert];
      return lasts && !informed.has(alert) ? [{ alert, isOver: false }] : [];
    });
  }

  function settle({ alert, isOver }: News): void {
    if (isOver) informed.delete(alert);
    else informed.add(alert);
  }

  return {
    /** Looks at a state. Never more than a message a minute. @throws what kept a message from being sent */
    async look(state: OperatingState): Promise<void> {
      const news = newsOf(state);
      if (news.length === 0 || now() < notBefore) return;
      const mine: News[] = [];
      for (const one of news) {
        const claimed = await claim(one);
        if (claimed === 'mine') mine.push(one);
        if (claimed === 'sent') settle(one);
      }
      if (mine.length === 0) return;
      notBefore = now() + MINUTE_MS;
      let wasSent = false;
      try {
        await send(mine);
        wasSent = true;
        for (const one of mine) settle(one);
      } finally {
        for (const one of mine) await conclude(one, wasSent);
      }
    },
  };
}
