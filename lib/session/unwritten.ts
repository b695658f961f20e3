import 'server-only';

/** What a store could not be told, and whether it can be told anything at all. */
export interface Unwritten {
  /** Runs a write, and remembers how it went. */
  write<T>(action: () => Promise<T>): Promise<T>;
  /** Writes it later: again and again, until the store takes it. @param key one of a kind is kept */
  keep(key: string, action: () => Promise<unknown>, onWritten: () => void): void;
  /** False once every write has failed for a minute. */
  isWritable(): boolean;
  close(): void;
}

export interface UnwrittenOptions {
  /** A write that changes nothing: so that a store that takes none is noticed without anybody in need of it. */
  touch(): Promise<void>;
  onFailure?: (error: unknown) => void;
  onRecovery?: () => void;
  retryMs?: number;
  /** A clock that nobody sets. */
  now?: () => number;
}

const RETRY_MS = 1000;
/** How often a store is tried that nobody has written to. */
const TOUCH_MS = 5000;
const PATIENCE_MS = 60_000;
/** People of a company, and then some: what is beyond is lost here, and was refused to whoever asked for it. */
const MAX_KEPT = 50_000;

export function createUnwritten({
  touch,
  onFailure,
  onRecovery,
  retryMs = RETRY_MS,
  now = () => performance.now(),
}: UnwrittenOptions): Unwritten {
  const kept = new Map<string, { action: () => Promise<unknown>; onWritten: () => void }>();
  let failingSince: number | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let busy = false;
  const timer = setInterval(() => void work(), retryMs).unref();

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
    keep(key, action, onWritten) {
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
    isWritable: () => failingSince === undefined || now() - failingSince < PATIENCE_MS,
    close: () => clearInterval(timer),
  };
}
