import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** A page of 100 members is about 100 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Below the minute after which load balancers drop an idle connection, so that we let go first. */
export const IDLE_CONNECTION_MS = 55_000;

export interface TransportRequest {
  url: URL;
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body: string | undefined;
  /** Largest answer that is read, counted after decompression; 1 MiB. */
  maxAnswerBytes?: number | undefined;
  /** Ends the call, connection and body included. */
  signal: AbortSignal;
}

export interface TransportAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Decoded text, or undefined when the bytes are not UTF-8. */
  text: string | undefined;
}

/** The call brought no whole answer. `code` is a system code such as `ECONNREFUSED`, or one of ours. */
export class TransportError extends Error {
  readonly code: string;
  readonly mayHaveHadEffect: boolean;

  constructor(code: string, mayHaveHadEffect: boolean, options?: { cause?: unknown }) {
    super(code, options);
    this.name = 'TransportError';
    this.code = code;
    this.mayHaveHadEffect = mayHaveHadEffect;
  }
}

export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/**
 * A transport over `node:http(s)` with its own kept-alive connections. Not `fetch`: Next patches it (caching,
 * deduplication), and it follows redirects with the body and the token header in hand. TLS is always verified.
 */
export function createTransport(): Transport {
  const options = { keepAlive: true, maxSockets: 32, timeout: IDLE_CONNECTION_MS };
  const agents = {
    'http:': new HttpAgent(options),
    // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in some environment does not give our secret to anybody.
    'https:': new HttpsAgent({ ...options, rejectUnauthorized: true }),
  };

  return async (request) => {
    const answer = await send(request, agents);
    try {
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        text: decodeUtf8(await readCapped(answer, request.maxAnswerBytes ?? MAX_ANSWER_BYTES)),
      };
    } catch (cause) {
      if (cause instanceof TransportError) throw cause;
      throw new TransportError(abortCode(request.signal) ?? 'broken-body', true, { cause });
    } finally {
      if (!answer.complete) answer.destroy();
    }
  };
}

function send(
  { url, method, headers, body, signal }: TransportRequest,
  agents: { 'http:': HttpAgent; 'https:': HttpsAgent },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new TransportError(abortCode(signal) ?? 'aborted', false));
      return;
    }
    const secure = url.protocol === 'https:';
    let connected = false;
    const outgoing = secure
      ? httpsRequest(url, { method, headers, signal, agent: agents['https:'] })
      : httpRequest(url, { method, headers, signal, agent: agents['http:'] });
    outgoing.once('response', resolve);
    outgoing.once('socket', (socket) => {
      // One that this request waited for is not called reused, but it is connected all the same.
      if (outgoing.reusedSocket || !socket.connecting) connected = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true));
    });
    outgoing.once('error', (cause: NodeJS.ErrnoException) => {
      const code = abortCode(signal) ?? cause.code ?? 'network';
      reject(new TransportError(code, connected && !isUnread(cause), { cause }));
    });
    outgoing.end(body);
  });
}

/**
 * A TCP reset before the first byte of an answer: what a peer's kernel sends when it throws our bytes away unread
 * (a stale kept-alive connection, a restarting balancer). A peer that read the request and gave up closes with FIN
 * instead, which Node reports as "socket hang up" without a syscall; that one may have had an effect.
 * Should a reset ever follow a used code after all, the repeated exchange is refused with 40078 and signs nobody in.
 */
function isUnread(error: NodeJS.ErrnoException): boolean {
  return (error.code === 'ECONNRESET' && error.syscall === 'read') || error.code === 'EPIPE';
}

function abortCode(signal: AbortSignal): string | undefined {
  return signal.aborted ? 'timeout' : undefined;
}

async function readCapped(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of decompressed(answer)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TransportError('answer-too-large', true);
    chunks.push(chunk);
  }
  if (!answer.complete) throw new TransportError('answer-cut-short', true);
  return Buffer.concat(chunks);
}

function decompressed(answer: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = answer.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return answer;
  const decoder = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }[encoding];
  if (!decoder) throw new TransportError('unknown-encoding', true);
  const stream: Readable = answer.pipe(decoder());
  answer.once('error', (error) => stream.destroy(error));
  answer.once('aborted', () => stream.destroy(new Error('aborted')));
  return stream;
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
