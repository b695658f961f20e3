import 'server-only';
import {
  type CallbackKeys,
  type CallbackRefusal,
  CallbackRefused,
  openCallback,
  sealAnswer,
} from '../dingtalk/callback';
import { type DirectoryEvent, isCheck, parseEvent } from '../dingtalk/event';
import { within } from '../within';

/** DingTalk gives up after 1.5 s (older documentation) or 2.5 s; a retry finds the work done. */
const ANSWER_WITHIN_MS = 1400;

export interface CallbackSettings {
  keys: CallbackKeys;
  /** Resolves when the event's effect is durable; only then is it acknowledged. */
  onEvent(event: DirectoryEvent): Promise<unknown>;
  now?: () => number;
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

/** The answer to every forgery, byte for byte the same. */
const REFUSED = '{"error":{"code":"CALLBACK_REFUSED","message":"refused"}}';
/** Has DingTalk send the event again. */
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
  const { keys, now = Date.now, answerWithinMs = ANSWER_WITHIN_MS } = settings;
  try {
    const { text, ownerKey, delivery } = openCallback(query, rawBody, settings);
    const event = readEvent(text, delivery);
    if (!isCheck(event)) {
      // The work goes on behind a late answer. A failure after it is ignored: DingTalk sends the event again.
      const done = settings.onEvent(event).then(() => true);
      if (!(await within(done, answerWithinMs))) return { status: 503, body: LATER, reason: 'late' };
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
