import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  /** As `HTTPS_PROXY` has it, with the credentials that it wants. */
  url: string;
  /** Where tunnels were asked for, `host:port`, refused ones included. */
  asked: string[];
  /** Connections to the proxy that stand. */
  connections(): number;
  close(): Promise<void>;
}

/** The only way out: an HTTP proxy that knows `CONNECT` and nothing else. Every name leads to a port of loopback. */
export async function startConnectProxy(options: {
  to: number;
  credentials?: string;
  /** The status that every tunnel is refused with; 0: never an answer. */
  refuse?: number;
}): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const expected = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`;
  const server = createServer((_, response) => response.writeHead(501).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, near, head) => {
    asked.push(request.url ?? '');
    const isKnown = !expected || request.headers['proxy-authorization'] === expected;
    const refusal = isKnown ? options.refuse : 407;
    if (refusal === 0) return void near.resume().on('end', () => near.end());
    if (refusal) {
      near.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 9\r\n\r\n{"a":"b"}`);
      return;
    }
    const far = connect(options.to, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.write(head);
      far.pipe(near).pipe(far);
    });
    for (const [end, other] of [[near, far] as const, [far, near] as const]) {
      end.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.credentials ? `${options.credentials.split(':').map(encodeURIComponent).join(':')}@` : ''}127.0.0.1:${port}`,
    asked,
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
