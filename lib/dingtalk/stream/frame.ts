import { z } from 'zod';
import { type DirectoryEvent, parseEvent } from '../event';

const frameSchema = z.object({
  type: z.string(),
  headers: z.record(z.string(), z.unknown()).default({}),
  /** Text that is JSON itself, by the protocol; what is there instead is taken as it is. */
  data: z.unknown().optional(),
});

/** What the gateway sent, as far as it matters here. */
export type StreamFrame =
  /** To be answered with the same data. */
  | { kind: 'ping'; messageId: string; data: string }
  /** This connection is about to be closed: come again with a new ticket. */
  | { kind: 'disconnect' }
  | { kind: 'event'; messageId: string; event: DirectoryEvent }
  /** Something that wants an answer and that we did not subscribe to. */
  | { kind: 'foreign'; messageId: string }
  /** News of the connection itself, and what is not in the protocol. */
  | { kind: 'system' | 'malformed' };

/** Reads a frame. Whatever it is, nothing is thrown: a gateway would send what ends the connection again for ever. @see https://open.dingtalk.com/document/development/stream-mode */
export function parseFrame(text: string): StreamFrame {
  try {
    return readFrame(text);
  } catch {
    // Nested so deep that there is no stack left to write it out again.
    return { kind: 'malformed' };
  }
}

function readFrame(text: string): StreamFrame {
  const parsed = frameSchema.safeParse(parseJson(text));
  if (!parsed.success) return { kind: 'malformed' };
  const { type, headers, data } = parsed.data;
  const topic = headers.topic;
  const messageId = typeof headers.messageId === 'string' ? headers.messageId : '';
  if (type === 'SYSTEM' && topic === 'ping') return { kind: 'ping', messageId, data: toText(data) };
  if (type === 'SYSTEM' && topic === 'disconnect') return { kind: 'disconnect' };
  if (type === 'SYSTEM') return { kind: 'system' };
  if (messageId === '') return { kind: 'malformed' };
  if (type !== 'EVENT') return { kind: 'foreign', messageId };
  const parsedData = typeof data === 'string' ? parseJson(data) : data;
  return { kind: 'event', messageId, event: parseEvent(headers, parsedData ?? undefined) };
}

/** An answer to a frame. @param data what it says, as text: itself JSON */
export function toAck(
  messageId: string,
  data: string,
  [code, message] = [200, 'OK'] as [number, string],
): string {
  return JSON.stringify({ code, message, headers: { messageId, contentType: 'application/json' }, data });
}

function toText(data: unknown): string {
  return typeof data === 'string' ? data : (JSON.stringify(data) ?? '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
