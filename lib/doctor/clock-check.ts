import 'server-only';
import { bad, type Check, ok, untried } from './check';

/** Callbacks are refused from five minutes on; sessions and codes are off by as much as the clock. */
const MOST_SECONDS = 60;

/** This machine's clock against the `Date` of DingTalk's answers, which the other checks have brought. */
export const clockCheck: Check = {
  id: 'clock',
  circle: 'local',
  after: ['token', 'legacy-api'],
  run: ({ config: { apiUrl, oapiUrl }, dates }) => {
    const seconds = [...dates.values()].map(({ theirs, ours }) => (ours - theirs) / 1000);
    if (seconds.length === 0)
      return untried({ reason: [...new Set([apiUrl, oapiUrl].map((url) => new URL(url).host))].join(', ') });
    // Of two that disagree, one host's clock is off and not ours.
    const least = seconds.reduce((a, b) => (Math.abs(a) < Math.abs(b) ? a : b));
    const off = Math.round(Math.abs(least));
    const values = { seconds: String(off), hosts: [...dates.keys()].join(', ') };
    if (off <= MOST_SECONDS) return ok(values);
    return bad('clock-off', { ...values, direction: least > 0 ? '+' : '−' });
  },
};
