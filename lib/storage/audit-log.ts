import 'server-only';
import { config } from '../config';
import { log } from '../log';
import { outsideRequest, singleton } from '../singleton';
import type { AuditLine } from './audit-line';
import { type AuditStore, createAuditStore } from './audit-store';
import { recordsDatabase } from './databases';

interface RecorderOptions {
  store: Pick<AuditStore, 'append'>;
  flushMs?: number;
  /** How many refusals of a minute and of one reason get a line of their own. */
  refusalsPerMinute?: number;
  /** Unix time in ms. */
  now?: () => number;
  onFailure?: (error: unknown) => void;
}

const FLUSH_MS = 250;
const REFUSALS_PER_MINUTE = 30;
/** What waits while the store is silent. */
const MAX_WAITING = 2000;
const MINUTE_MS = 60_000;

/**
 * Writes audit lines that do not belong to a transaction: refusals, use of keys, exports. Lines are gathered for a
 * moment, so that no request waits for them; of a flood, the first of each minute and reason are written one by one and
 * the rest is counted.
 */
export function createRecorder({
  store,
  flushMs = FLUSH_MS,
  refusalsPerMinute = REFUSALS_PER_MINUTE,
  now = Date.now,
  onFailure,
}: RecorderOptions) {
  let waiting: { line: AuditLine; at: number }[] = [];
  /** Refusals of this minute, by what they have in common. */
  let refused = new Map<string, AuditLine & { count: number }>();
  let minute = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  function closeMinute(): void {
    for (const { count, ...line } of tooMany()) {
      push({ ...line, count: count - refusalsPerMinute }, Math.min(now(), (minute + 1) * MINUTE_MS - 1));
    }
    refused = new Map();
  }

  /** Those beyond the first. */
  function tooMany() {
    return [...refused.values()].filter(({ count }) => count > refusalsPerMinute);
  }

  function push(line: AuditLine, at: number): void {
    if (waiting.length < MAX_WAITING) waiting.push({ line, at });
    timer ??= setTimeout(() => void flush(), flushMs).unref();
  }

  /** One more. @returns how many there are of it in this minute */
  function countOf({ event, reason }: AuditLine): number {
    const key = `${event} ${reason}`;
    const same = refused.get(key) ?? { event, reason, count: 0 };
    refused.set(key, same);
    return ++same.count;
  }

  /** Writes what is waiting. Never throws. */
  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const thisMinute = Math.floor(now() / MINUTE_MS);
    if (thisMinute !== minute) closeMinute();
    minute = thisMinute;
    if (tooMany().length > 0) timer = setTimeout(() => void flush(), MINUTE_MS / 4).unref();
    writing = writing.then(async () => {
      const lines = waiting;
      if (lines.length === 0) return;
      waiting = [];
      try {
        await store.append(lines);
      } catch (error) {
        waiting = [...lines, ...waiting].slice(0, MAX_WAITING);
        timer ??= setTimeout(() => void flush(), 5000).unref();
        onFailure?.(error);
      }
    });
    return writing;
  }

  return {
    record(line: AuditLine): void {
      const at = now();
      const thisMinute = Math.floor(at / MINUTE_MS);
      if (thisMinute !== minute) {
        closeMinute();
        minute = thisMinute;
      }
      if (!/-refused$/.test(line.event) || countOf(line) <= refusalsPerMinute) push(line, at);
      else timer ??= setTimeout(() => void flush(), MINUTE_MS / 4).unref();
    },
    flush,
    close: () => {
      closeMinute();
      return flush();
    },
  };
}

/** The audit's store of this process. */
export const auditStore = singleton('audit-store', () => createAuditStore(recordsDatabase()));

const recorder = singleton('audit-recorder', () =>
  createRecorder({
    // The store is made with the first line that is written, not with the first that is recorded.
    store: { append: (lines) => auditStore().append(lines) },
    onFailure: (error) => log().error({ event: 'audit-unavailable', err: error }),
  }),
);

/** Writes a line soon. Never throws, and never delays the caller. */
export function record(line: AuditLine): void {
  outsideRequest(() => recorder().record(line));
}

/** Writes what is waiting, so that it can be read. */
export function flushAudit(): Promise<void> {
  return outsideRequest(() => recorder().flush());
}

/** Writes what is waiting, and what was only counted so far, before the process ends. */
export function closeAudit(): Promise<void> {
  return recorder().close();
}

/** Drops what is older than `AUDIT_DAYS`. */
export function pruneAudit(): Promise<void> {
  return auditStore().prune(config().auditDays);
}
