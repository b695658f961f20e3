/** So much of a second's calls may be made up for after a pause, so that late timers do not lower the rate. */
const CATCH_UP_SECONDS = 0.2;
/**
 * A call counts at DingTalk from when it arrives there, which is somewhere between being sent and being answered: when
 * this machine, the line or DingTalk stands still, calls sent well apart may arrive together. So a call is sent only
 * while fewer than the limit are unanswered or were answered within this time. Of any calls that arrive within a second,
 * the last one to be sent found all others so; hence they are never more than the limit, whatever stands still.
 */
const COUNTS_FOR_MS = 1020;
/** DingTalk allows 20 where we plan for 15. */
const LIMIT_OVER_PACE = 4 / 3;

export type Lane = ReturnType<typeof createLane>;

/** The pace of the calls of one API. @param now milliseconds on a clock that never jumps */
export function createLane(callsPerSecond: number, now: () => number) {
  const limit = Math.max(1, Math.floor(callsPerSecond * LIMIT_OVER_PACE));
  /** When the next call may go out, had all gone out on time. */
  let nextAt = now();
  let unanswered = 0;
  /** When calls were answered that may still count, the first ones first. */
  const answeredAt: number[] = [];

  /** When there are fewer calls than the limit that may count; `Infinity`: when another one is answered. */
  function roomAt(): number {
    while (answeredAt.length > 0 && answeredAt[0]! + COUNTS_FOR_MS <= now()) answeredAt.shift();
    const tooMany = unanswered + answeredAt.length - limit;
    return tooMany < 0 ? now() : (answeredAt[tooMany] ?? Number.POSITIVE_INFINITY) + COUNTS_FOR_MS;
  }

  return {
    /** Milliseconds until a call may go out; `Infinity`: not before another one is answered. */
    waitMs: () => Math.max(nextAt, roomAt()) - now(),
    /** A call goes out. */
    send(): void {
      unanswered++;
      nextAt = Math.max(nextAt, now() - CATCH_UP_SECONDS * 1000) + 1000 / callsPerSecond;
    },
    answered(): void {
      unanswered--;
      answeredAt.push(now());
    },
    /** No call for so many milliseconds. */
    pause(milliseconds: number): void {
      nextAt = Math.max(nextAt, now() + milliseconds);
    },
  };
}
