import 'server-only';

interface UnwrittenOptions {
  /** A write that changes nothing: finds out that the store takes no writes before one is needed. */
  touch(): Promise<void>;
  onFailure?: (error: unknown) => void;
  onRecovery?: () => void;
  retryMs?: number;
  /** A monotonic clock, in ms. */
  now?: () => number;
}

const RETRY_MS = 1000;
/** How often a store is tried while there are no writes. */
const TOUCH_MS = 5000;
const MAX_FAILING_MS = 60_000;
/** More than the people of a company. A write beyond is not kept; its caller has the error. */
const MAX_KEPT = 50_000;

/** Writes that a store did not take, to be repeated; and whether it takes writes at all. */
export function createUnwritten({
  touch,
  onFailure,
  onRecovery,
  retryMs = RETRY_MS,
  now = () => performance.now(),
}: UnwrittenOptions) {
  const kept = new Map<string, { action: () => Promise<unknown>; onWritten: () => void }>();
  let failingSince: number | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let busy = false;
  const timer = setInterval(() => void work(), retryMs).unref();

  /** Runs a write, and remembers how it went. */
  async function write<T>(action: () => Promise<T>): Promise<T> {
    triedAt = now();
    const value = await action().catch((error: unknown) => {
      const isNew = failingSince === undefined;
      failingSince ??= triedAt;
      if (isNew) onFailure?.(error);
      throw error;
    });
    const isBack = failingSince !== undefined;
    failingSince = undefined;
    if (isBack) onRecovery?.();
    return value;
  }

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    try {
      for (const [key, { action, onWritten }] of [...kept]) {
        // One that fails for reasons of its own must not keep the others back.
        kept.delete(key);
        kept.set(key, { action, onWritten });
        await write(action);
        kept.delete(key);
        onWritten();
      }
      if (now() - triedAt >= TOUCH_MS) await write(touch);
    } catch {
      // Next time.
    } finally {
      busy = false;
    }
  }

  return {
    write,
    /** Writes it later: again and again, until the store takes it. @param key one of a kind is kept */
    keep(key: string, action: () => Promise<unknown>, onWritten: () => void): void {
      const before = kept.get(key);
      if (!before && kept.size >= MAX_KEPT) return;
      kept.set(key, {
        action,
        onWritten: () => {
          before?.onWritten();
          onWritten();
        },
      });
    },
    /** False once every write has failed for a minute. */
    isWritable: () => failingSince === undefined || now() - failingSince < MAX_FAILING_MS,
    close: () => clearInterval(timer),
  };
}
