import 'server-only';
import type { z } from 'zod';
import { AppError } from '../errors';
import { within } from '../within';

/** A sign-in needs a few hundred bytes. */
const MAX_BODY_BYTES = 16 * 1024;
const BODY_DEADLINE_MS = 5000;

/**
 * Reads a small JSON body: type first, then size and time while it arrives, then shape.
 *
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `request-timeout`, `bad-request`
 */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new AppError('unsupported-media-type');
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES)
    throw new AppError('payload-too-large');
  const parsed = schema.safeParse(parseJson(await readBytes(request)));
  if (!parsed.success) {
    const hint = parsed.error.issues[0]?.path.join('.') || undefined;
    throw new AppError('bad-request', { hint });
  }
  return parsed.data;
}

/**
 * Reads a small form, as a page without JavaScript sends it.
 *
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `request-timeout`, `bad-request`
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type))
    throw new AppError('unsupported-media-type');
  return new URLSearchParams(Buffer.from(await readBytes(request)).toString('utf8'));
}

/**
 * Reads a body that is bounded in size and time, and not encoded.
 *
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `request-timeout`, `bad-request`
 */
export async function readBytes(
  request: Request,
  { maxBytes = MAX_BODY_BYTES }: { maxBytes?: number } = {},
): Promise<Uint8Array> {
  // Nothing here unpacks anything, so what says that it is packed would be read as something else than it is.
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') throw new AppError('unsupported-media-type');
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  try {
    return await within(readAll(reader, maxBytes), BODY_DEADLINE_MS, () => {
      throw new AppError('request-timeout');
    });
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error instanceof AppError ? error : new AppError('bad-request', {}, { cause: error });
  }
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    bytes += value.byteLength;
    if (bytes > maxBytes) throw new AppError('payload-too-large');
    chunks.push(value);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new AppError('bad-request', { hint: 'json' });
  }
}
