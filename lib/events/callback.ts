import 'server-only';
import {
  type CallbackKeys,
  type CallbackRefusal,
  CallbackRefused,
  openCallback,
  sealAnswer,
} from '../dingtalk/callback';
import { type DirectoryEvent, isCheck, parseEvent } from '../dingtalk/event';

/** DingTalk gives up after 1.5 s (older documentation) or 2.5 s; a retry finds the work done. */
const ANSWER_WITHIN_MS = 1400;

export interface CallbackSettings {
  keys: CallbackKeys;
  /** Resolves when the event's effect is durable; only then is it acknowledged. */
  onEvent(event: DirectoryEvent): Promise<unknown>;
  now?: () => number;
  windowMs?: number;
  answerWithinMs?: number;
}

export interface CallbackReply {
  status: 200 | 403 | 503;
  /** JSON. */
  body: string;
  /** For the log: why not. Never for the sender. */
  reason?: CallbackRefusal | 'failed' | 'late' | undefined;
  /** What `onEvent` threw. */
  cause?: unknown;
}

/** What every forgery hears, byte for byte the same. */
const REFUSED = '{"error":{"code":"CALLBACK_REFUSED","message":"refused"}}';
/** What DingTalk hears when it shall send the event again. */
const LATER = '{"error":{"code":"CALLBACK_LATER","message":"later"}}';

/**
 * Answers one callback of DingTalk: refused, acknowledged, or to be sent again.
 *
 * @param rawBody the bytes as they came, bounded by the caller
 */
export async function handleCallback(
  query: URLSearchParams,
  rawBody: Uint8Array | string,
  settings: CallbackSettings,
): Promise<CallbackReply> {
  const { keys, now = Date.now } = settings;
  try {
    const { text, ownerKey, delivery } = openCallback(query, rawBody, settings);
    const event = readEvent(text, delivery);
    if (!isCheck(event) && !(await isSettledInTime(settings.onEvent(event), settings.answerWithinMs))) {
      return { status: 503, body: LATER, reason: 'late' };
    }
    return { status: 200, body: JSON.stringify(sealAnswer(keys, { ownerKey, now })) };
  } catch (error) {
    if (error instanceof CallbackRefused) return { status: 403, body: REFUSED, reason: error.reason };
    return { status: 503, body: LATER, reason: 'failed', cause: error };
  }
}

function readEvent(text: string, delivery: string): DirectoryEvent {
  try {
    return parseEvent(JSON.parse(text), undefined, delivery);
  } catch {
    throw new CallbackRefused('content');
  }
}

/** The work goes on behind a late answer, and its failure is then nobody's: the event comes again. */
async function isSettledInTime(work: Promise<unknown>, withinMs = ANSWER_WITHIN_MS): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, withinMs, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
