import 'server-only';
import type { Transaction } from '../storage/database';

/** Sessions and endings are kept a little beyond their time: clocks differ. */
export const KEEP_SECONDS = 86_400;
/** Above 1, so that what was left lying while nothing ran is caught up with; the longest session must not be overtaken. */
const HORIZON_SPEED = 1.1;

/**
 * Up to when expired rows are dropped. A clock that is ahead would drop endings of sessions that are good again when
 * it is set right; so the horizon goes on from where the database has it, hardly faster than time passes.
 */
export function createHorizon({ now, elapsed }: { now: () => number; elapsed: () => number }) {
  let begun: { horizon: number; at: number } | undefined;

  async function begin(tx: Transaction): Promise<typeof begun> {
    const { horizon } = (await tx.get<{ horizon: number | null }>(
      `SELECT coalesce(nullif(prune_horizon, 0), (SELECT min(expires_at) FROM session)) AS horizon
       FROM revocation_head`,
    ))!;
    return horizon === null ? undefined : { horizon, at: elapsed() };
  }

  return {
    /** Inside a transaction. @returns Unix time in seconds; 0: there is nothing to drop */
    async advance(tx: Transaction): Promise<number> {
      begun ??= await begin(tx);
      if (!begun) return 0;
      const reached = begun.horizon + Math.floor(((elapsed() - begun.at) / 1000) * HORIZON_SPEED);
      const horizon = Math.min(Math.floor(now() / 1000) - KEEP_SECONDS, reached);
      await tx.run('UPDATE revocation_head SET prune_horizon = ? WHERE prune_horizon < ?', horizon, horizon);
      return horizon;
    },
  };
}
