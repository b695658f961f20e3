import 'server-only';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent, globalAgent, request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** An answer from our own address, or why there was none. */
export type OriginAnswer =
  | {
      status: number;
      headers: IncomingHttpHeaders;
      text: string;
      /** When the certificate ends; Unix time in ms. */
      certificateEnds: number | undefined;
    }
  | { failure: string };

const LIMIT_MS = 3000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Asks an address as a browser does: directly, TLS verified, redirects not followed. Never throws. */
export function askOrigin(
  url: URL,
  { method, headers, body }: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: Buffer },
): Promise<OriginAnswer> {
  return new Promise((resolve) => {
    const isSecure = url.protocol === 'https:';
    const send = isSecure ? httpsRequest : httpRequest;
    // Of a TLS session that is resumed, Node.js does not tell the certificate.
    const agent = isSecure
      ? new Agent({ ...globalAgent.options, keepAlive: false, maxCachedSessions: 0 })
      : false;
    const signal = AbortSignal.timeout(LIMIT_MS);
    const outgoing = send(url, { method, headers: { ...headers, connection: 'close' }, signal, agent });
    const fail = ({ name, code = 'unknown' }: NodeJS.ErrnoException) =>
      resolve({ failure: name === 'AbortError' || name === 'TimeoutError' ? 'timeout' : code });
    outgoing.on('error', fail);
    outgoing.once('response', (answer) => {
      const certificateEnds = endOf(answer.socket as TLSSocket);
      const parts: Buffer[] = [];
      let bytes = 0;
      answer.on('error', fail);
      answer.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes <= MAX_ANSWER_BYTES) parts.push(part);
      });
      answer.once('end', () => {
        const { statusCode: status = 0, headers } = answer;
        resolve({ status, headers, text: Buffer.concat(parts).toString('utf8'), certificateEnds });
      });
    });
    outgoing.end(body);
  });
}

function endOf(socket: TLSSocket): number | undefined {
  const certificate = socket.getPeerCertificate?.();
  const ends = Date.parse(certificate?.valid_to ?? '');
  return Number.isFinite(ends) ? ends : undefined;
}
