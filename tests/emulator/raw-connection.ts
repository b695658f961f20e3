import { once } from 'node:events';
import { connect } from 'node:net';

/** What came over a bare socket, and how it ended. */
export interface RawExchange {
  text: string;
  /** `end`: the other side said goodbye; an error code such as `ECONNRESET`; `open`: nothing happened in time. */
  end: string;
}

/** Sends bytes to a port of loopback and waits for the end, for an answer that ends with `last`, or for `patienceMs`. */
export async function exchangeRaw(
  port: number,
  bytes: string,
  patienceMs: number,
  last?: string,
): Promise<RawExchange> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'connect');
  socket.write(bytes);
  const end = await new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('end', () => resolve('end'));
    if (last !== undefined)
      socket.on('data', (chunk) => chunk.toString('latin1').endsWith(last) && resolve('open'));
    setTimeout(() => resolve('open'), patienceMs).unref();
  });
  socket.destroy();
  return { text: Buffer.concat(chunks).toString('latin1'), end };
}

/** A request in HTTP/1.1 with a form as its body. */
export function formRequest(path: string, form: Record<string, string>): string {
  const body = new URLSearchParams(form).toString();
  return [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
