import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { Socket } from 'node:net';
import type { App } from './app';

/** An answer as it came: no redirect followed, nothing kept. */
export interface WireAnswer {
  /** 0: the connection ended without an answer. */
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it at once
  json: any;
}

export interface WireRequest {
  method?: string;
  /** The request target, sent as it is. */
  path: string;
  /** Sent as they are, `host` and all that a browser would not let go included. */
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer | undefined;
}

/** More than Node takes for a head, and less than it reads at once. */
const FIRST_BYTES = 24 * 1024;
const REFUSED_WITHIN_MS = 1000;

/** What a stream says of a chunk that is no text: a socket must not take it for some. */
const AS_BYTES = 'buffer' as BufferEncoding;

/**
 * Waits before it sends most of something large: a server that refuses what it has seen closes, and its kernel answers
 * what comes after that with a reset, which takes the refusal away from a client that has not read it yet.
 */
class PatientSocket extends Socket {
  override _writev(
    chunks: { chunk: string | Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ) {
    this._write(Buffer.concat(chunks.map(({ chunk, encoding }) => toBytes(chunk, encoding))), AS_BYTES, done);
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) {
    const bytes = toBytes(chunk, encoding);
    if (bytes.length <= FIRST_BYTES) return super._write(bytes, AS_BYTES, done);
    super._write(bytes.subarray(0, FIRST_BYTES), AS_BYTES, (error) => {
      if (error) return done(error);
      const timer = setTimeout(() => {
        this.off('data', refused);
        super._write(bytes.subarray(FIRST_BYTES), AS_BYTES, done);
      }, REFUSED_WITHIN_MS);
      const refused = () => {
        clearTimeout(timer);
        done();
      };
      this.once('data', refused).once('close', () => clearTimeout(timer));
    });
  }
}

function toBytes(chunk: string | Buffer, encoding: BufferEncoding): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}

/** Sends one request on a connection of its own. */
export function send(app: Pick<App, 'url'>, { method = 'GET', path, headers = {}, body }: WireRequest) {
  const { hostname, port } = new URL(app.url);
  return new Promise<WireAnswer>((resolve, reject) => {
    const createConnection = () => new PatientSocket().connect(Number(port), hostname);
    const outgoing = request({ hostname, port, method, path, createConnection });
    for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value ?? '');
    if (body !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(body));
    let answered = false;
    outgoing.once('response', (incoming) => {
      answered = true;
      const chunks: Buffer[] = [];
      const finish = () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode: status = 0, headers } = incoming;
        resolve({ status, headers, text, json: parseJson(text) });
        outgoing.destroy();
      };
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.once('end', finish);
      incoming.once('error', finish);
    });
    // A refusal of what is still being sent may be lost to a reset.
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (answered) return;
      if (/^(ECONNRESET|EPIPE)$/.test(error.code ?? '')) {
        resolve({ status: 0, headers: {}, text: '', json: undefined });
      } else reject(error);
    });
    outgoing.end(body);
  });
}

/** Asks for what Next's router fetches of a page: the redirect that only adds its checksum to the query is followed. */
export async function sendRsc(app: Pick<App, 'url'>, wanted: WireRequest): Promise<WireAnswer> {
  const asRouter = { ...wanted, headers: { ...wanted.headers, rsc: '1' } };
  const answer = await send(app, asRouter);
  const { location = '' } = answer.headers;
  return answer.status === 307 && /[?&]_rsc(=|$)/.test(location)
    ? send(app, { ...asRouter, path: location })
    : answer;
}

/** The value that a `Set-Cookie` gives to a cookie; undefined when it gives none, `''` when it takes it away. */
export function givenCookie(answer: WireAnswer, name: string): string | undefined {
  const line = answer.headers['set-cookie']?.find((cookie) => cookie.startsWith(`${name}=`));
  return line?.slice(name.length + 1).split(';')[0];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
