interface ExpiringOptions<T> {
  fetchValue(): Promise<{ value: T; ttlSeconds: number }>;
  /** How long a failed fetch answers for itself, in ms; 0 (the default) forgets it at once. */
  holdFailureMs?(error: unknown): number;
  /** Milliseconds on a clock that never jumps. */
  now?(): number;
}

/** A wrong or hostile lifetime must neither disable the cache nor outlive DingTalk's own two hours. */
const MAX_TTL_SECONDS = 7200;
/** From this share of its life on, a value is renewed in the background while it still serves. */
const RENEW_AFTER = 0.8;
/** A background renewal that failed is tried again after this pause, not at every call. */
const RENEWAL_PAUSE_MS = 5000;

/**
 * A value that expires: fetched once for everyone who waits, renewed ahead of time, never replaced by the answer of
 * a fetch that began before the value was dropped.
 */
export function createExpiring<T>(options: ExpiringOptions<T>) {
  const now = options.now ?? (() => performance.now());
  let current: { value: T; renewAt: number; expiresAt: number } | undefined;
  let failure: { error: unknown; until: number } | undefined;
  let flight: Promise<T> | undefined;
  let generation = 0;

  async function fetchOnce(mine: number): Promise<T> {
    const started = now();
    try {
      const { value, ttlSeconds } = await options.fetchValue();
      if (mine === generation) {
        const ttlMs = Math.min(Math.max(ttlSeconds, 0), MAX_TTL_SECONDS) * 1000;
        current = { value, renewAt: started + ttlMs * RENEW_AFTER, expiresAt: started + ttlMs };
      }
      return value;
    } catch (error) {
      if (mine === generation) {
        failure = { error, until: now() + (options.holdFailureMs?.(error) ?? 0) };
        if (current) current.renewAt = now() + RENEWAL_PAUSE_MS;
      }
      throw error;
    } finally {
      if (mine === generation) flight = undefined;
    }
  }

  function fetchShared(): Promise<T> {
    if (failure && now() < failure.until) return Promise.reject(failure.error);
    failure = undefined;
    flight ??= fetchOnce(++generation);
    return flight;
  }

  return {
    /** The current value; fetches it when there is none. All callers share one fetch. */
    async get(): Promise<T> {
      const time = now();
      if (!current || time >= current.expiresAt) return fetchShared();
      if (time >= current.renewAt) fetchShared().catch(() => undefined);
      return current.value;
    },
    /** For a value that was refused elsewhere. Only the current one is dropped, so that late refusals do no harm. */
    drop(value: T): void {
      if (current?.value !== value) return;
      current = undefined;
      flight = undefined;
      generation++;
    },
  };
}
