import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

/** A web application that somebody else wrote: it knows nothing of the gate but the headers that it gets. */
export interface Upstream {
  port: number;
  /** Every request that came, WebSocket handshakes included. */
  requests: { method: string; url: string; headers: IncomingMessage['headers']; raw: string[] }[];
  close(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const requests: Upstream['requests'] = [];
  const note = ({ method = '', url = '', headers, rawHeaders }: IncomingMessage) =>
    requests.push({ method, url, headers, raw: rawHeaders });
  const server = createServer(async (request, response) => {
    note(request);
    const path = request.url ?? '/';
    if (path.startsWith('/upload')) {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      // One that breaks off has no end.
      request.on('error', () => {}).on('end', () => response.end(JSON.stringify({ bytes })));
    } else if (path.startsWith('/large')) {
      const block = Buffer.alloc(1 << 20, 'x');
      response.writeHead(200, { 'content-length': String(block.length * 20) });
      for (let at = 0; at < 20; at++)
        if (!response.write(block)) await new Promise((go) => response.once('drain', go));
      response.end();
    } else if (path.startsWith('/poll')) {
      await delay(1500);
      response.end('late');
    } else if (path.startsWith('/status/')) {
      response.writeHead(Number(path.slice(8)), {
        'content-type': 'text/plain',
        'clear-site-data': '"*"',
        'set-cookie': ['wide=1; Domain=example.com'],
      });
      response.end('by the upstream');
    } else if (path.startsWith('/etag')) {
      const isSame = request.headers['if-none-match'] === '"v1"';
      response
        .writeHead(isSame ? 304 : 200, { etag: '"v1"', 'clear-site-data': '"*"' })
        .end(isSame ? undefined : 'fresh');
    } else {
      response.writeHead(200, {
        'content-type': 'application/json',
        'clear-site-data': '"cookies"',
        'set-cookie': [
          'own=1; Path=/; HttpOnly',
          'wide=1; Path=/; Domain=example.com',
          `twice=1; domain=.example.com; Path=/; DOMAIN = example.com;Domain=x.example.com`,
        ],
      });
      response.end(
        request.method === 'HEAD' ? undefined : JSON.stringify({ url: path, headers: request.headers }),
      );
    }
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    note(request);
    socket.on('message', (data) => socket.send(`echo ${data}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
