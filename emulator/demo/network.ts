import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isDingtalkPath } from '../api/routes';

/** A port that other machines reach. */
export interface NetworkPort {
  port: number;
  /** Its addresses in this machine's networks, such as http://192.168.1.5:4011. */
  addresses: string[];
  close(): void;
}

/**
 * Opens a port to the local network, for a look at the app on a real phone. Behind it are the app and DingTalk's login
 * page, and nothing else: no control plane, no workbench, no API.
 *
 * @param port 0: any free port
 * @param serve answers what is let through
 */
export async function openToNetwork(
  port: number,
  serve: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<NetworkPort> {
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    if (isForNetwork(req)) return serve(req, res);
    res.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end('404\n');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await once(server.listen(port, '0.0.0.0'), 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    port: taken,
    addresses: ownAddresses().map((address) => `http://${address}:${taken}`),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A name, rather than an address, can be another site's that was made to resolve to this machine. */
function isForNetwork({ headers: { host = '' }, url = '/' }: IncomingMessage): boolean {
  const [path = '/'] = url.split('?', 1);
  if (!/^\d{1,3}(\.\d{1,3}){3}:\d+$/.test(host) || path.startsWith('/__emulator')) return false;
  return !isDingtalkPath(path) || path.startsWith('/oauth2/auth');
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
