import { DingTalkError } from './errors';

/** A run of this many faults opens the circuit. */
const FAULTS_TO_OPEN = 5;
/** While it is open, one call in this time is let through as a probe. */
const PROBE_EVERY_MS = 5000;
/** A ban, or what may be one: each further call may make it longer. */
const OPENS_AT_ONCE = new Set(['banned', 'html-page']);

/**
 * Stops calling a host that does not answer, so that a person gets an error at once instead of after three seconds.
 * Transport faults, malformed answers and bans count; any error code of DingTalk's own proves that it is reachable.
 */
export interface CircuitBreaker {
  /** @throws DingTalkError `circuit-open` */
  run<T>(api: string, action: () => Promise<T>): Promise<T>;
  /** Whether the next call would be tried. */
  allowsRequests(): boolean;
}

/** @param now milliseconds on a clock that never jumps */
export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  let faults = 0;
  let nextProbeAt = 0;
  let lastFault: DingTalkError | undefined;

  return {
    async run(api, action) {
      if (faults >= FAULTS_TO_OPEN) {
        if (now() < nextProbeAt) {
          const detail = { api, code: 'circuit-open', mayHaveHadEffect: false };
          throw new DingTalkError('unreachable', detail, { cause: lastFault });
        }
        nextProbeAt = now() + PROBE_EVERY_MS;
      }
      try {
        const value = await action();
        faults = 0;
        return value;
      } catch (error) {
        if (error instanceof DingTalkError && error.isFault) {
          faults++;
          lastFault = error;
          if (OPENS_AT_ONCE.has(error.code)) faults = Math.max(faults, FAULTS_TO_OPEN);
          nextProbeAt = now() + PROBE_EVERY_MS;
        } else if (!(error instanceof DingTalkError && error.ignoredByCircuitBreaker)) {
          // Only an answer closes it: calls that our own bulkhead refuses would otherwise hide the outage.
          faults = 0;
        }
        throw error;
      }
    },
    allowsRequests: () => faults < FAULTS_TO_OPEN || now() >= nextProbeAt,
  };
}
