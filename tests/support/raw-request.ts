import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
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

/** Sends one request on a connection of its own. */
export function send(app: Pick<App, 'url'>, { method = 'GET', path, headers = {}, body }: WireRequest) {
  const { hostname, port } = new URL(app.url);
  return new Promise<WireAnswer>((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, agent: false });
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
    // Whoever is told "too large" early may find the line closed while still sending.
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
