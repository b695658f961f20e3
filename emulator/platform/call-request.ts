import type { IncomingMessage } from 'node:http';

const LARGEST_BODY = 1_048_576;

/** The body of a request as DingTalk understands it. */
export interface CallBody {
  /** How it was sent; `none` when it was empty. */
  kind: 'json' | 'form' | 'none' | 'unreadable';
  fields: Record<string, unknown>;
}

/**
 * Reads a request to its end and understands JSON or a form by its content type. At most 1 MiB is kept.
 * @param only `json`: read it as JSON whatever it is labelled
 */
export async function readBody(req: IncomingMessage, only?: 'json'): Promise<CallBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  if (size > LARGEST_BODY) return { kind: 'unreadable', fields: {} };
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return { kind: 'none', fields: {} };
  const type = req.headers['content-type'] ?? '';
  if (only !== 'json' && /^application\/x-www-form-urlencoded\b/i.test(type)) {
    return { kind: 'form', fields: Object.fromEntries(new URLSearchParams(text)) };
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { kind: 'json', fields: value as Record<string, unknown> };
    }
  } catch {
    // Falls through: unreadable either way.
  }
  return { kind: 'unreadable', fields: {} };
}
