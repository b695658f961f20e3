import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { createAgents, ProxyError, type ProxyFor } from './agents';

/** A page of 100 members is about 100 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface TransportRequest {
  url: URL;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
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
  /** The outgoing proxy that the failure is about, without its credentials. */
  readonly proxy: string | undefined;

  constructor(code: string, mayHaveHadEffect: boolean, options?: { cause?: unknown }) {
    super(code, options);
    this.name = 'TransportError';
    this.code = code;
    this.mayHaveHadEffect = mayHaveHadEffect;
    this.proxy = options?.cause instanceof ProxyError ? options.cause.proxy : undefined;
  }
}

export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/**
 * A transport over `node:http(s)` with its own kept-alive connections. Not `fetch`: Next patches it (caching,
 * deduplication), and it follows redirects with the body and the token header in hand. TLS is always verified.
 */
export function createTransport({ proxyFor }: { proxyFor?: ProxyFor | undefined } = {}): Transport {
  const agentFor = createAgents({ proxyFor, keepAlive: true });

  return async (request) => {
    const answer = await send(request, agentFor(request.url));
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
  agent: Agent,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new TransportError(abortCode(signal) ?? 'aborted', false));
      return;
    }
    const secure = url.protocol === 'https:';
    let connected = false;
    // The TLS options stand in each request too: a tunnel's connection takes them from there.
    const options = { method, headers, signal, agent, rejectUnauthorized: true };
    const outgoing = secure ? httpsRequest(url, options) : httpRequest(url, options);
    outgoing.once('response', resolve);
    outgoing.once('socket', (socket) => {
      // One that this request waited for is not called reused, but it is connected all the same. The socket of a tunnel
      // is connected before TLS has begun on it.
      const isReady = secure ? (socket as TLSSocket).authorized : !socket.connecting;
      if (outgoing.reusedSocket || isReady) connected = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true));
    });
    const fail = (cause: NodeJS.ErrnoException) => {
      const code = abortCode(signal) ?? cause.code ?? 'network';
      // A balancer that restarts forgets all connections at once: a repetition over the next kept one would meet the same.
      if (outgoing.reusedSocket && isUnread(cause)) closeIdle(agent);
      reject(new TransportError(code, connected && !isUnread(cause), { cause }));
    };
    // A request that waits for a tunnel gets no event at its own end, only at the tunnel's.
    const giveUp = () => fail(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', giveUp));
    outgoing.once('error', fail);
    outgoing.end(body);
  });
}

/**
 * A TCP reset before the first byte of an answer: what a peer's kernel sends when it throws our bytes away unread
 * (a stale kept-alive connection, a restarting balancer). A peer that read the request and gave up closes with FIN
 * instead, which Node reports as "socket hang up" without a syscall; that one may have had an effect.
 * Should a reset ever follow a used code after all, the repeated exchange is refused with 40078, and no session comes
 * of it.
 */
function isUnread(error: NodeJS.ErrnoException): boolean {
  return (error.code === 'ECONNRESET' && error.syscall === 'read') || error.code === 'EPIPE';
}

function closeIdle({ freeSockets }: Agent): void {
  for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
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
