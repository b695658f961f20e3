import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';

/** A server of the test's own: what it was asked, and how many bytes reached it. */
export interface Peer {
  url: string;
  port: number;
  requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
  bytes(): number;
  close(): Promise<void>;
}

/** Starts an HTTP server on loopback that keeps what it gets. */
export async function startPeer(
  answer: (request: Peer['requests'][number], response: ServerResponse) => void,
): Promise<Peer> {
  let bytes = 0;
  const requests: Peer['requests'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, headers, body });
      answer(requests.at(-1)!, response);
    });
  });
  server.on('connection', (socket) => socket.on('data', (chunk) => (bytes += chunk.length)));
  const port = await listen(server, 0);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, port, requests, bytes: () => bytes, close };
}

/** Passes every byte from a port of loopback on to another. */
export async function startForwarder(from: number, to: number): Promise<{ close(): void }> {
  const server = createTcpServer((socket) => {
    const onward = connect(to, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  await listen(server, from);
  return { close: () => void server.close() };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
