import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The network between the app and a server that speaks first or not: everything passes, until a fault is switched on. */
export interface FaultProxy {
  port: number;
  /** The same address, through the proxy. */
  through(url: string): string;
  /** Everything passes again; what stood still goes on. */
  heal(): Promise<void>;
  /** Every connection is reset, and new ones are refused. */
  cut(): Promise<void>;
  /** Connections stand, and nothing passes: as behind a firewall that drops packets. */
  stall(): void;
  /** The next answer of each connection ends after so many bytes, and the connection with it. */
  halve(bytes: number): void;
  /** Everything that the server says comes so much later. */
  slow(milliseconds: number): void;
  close(): Promise<void>;
}

type Fault =
  | { kind: 'none' }
  | { kind: 'stall' }
  | { kind: 'halve'; bytes: number }
  | { kind: 'slow'; ms: number };

/** @param target the server's port on loopback */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const connections = new Set<Connection>();
  let fault: Fault = { kind: 'none' };
  let server = await listen(0, accept);
  const { port } = server.address() as AddressInfo;

  function accept(client: Socket): void {
    const connection = join(client, connect(target, '127.0.0.1'), () => fault);
    connections.add(connection);
    client.once('close', () => connections.delete(connection));
  }

  function turn(to: Fault): void {
    fault = to;
    for (const connection of connections) connection.adapt();
  }

  async function cut(): Promise<void> {
    turn({ kind: 'none' });
    const closed = once(server, 'close');
    server.close();
    for (const connection of connections) connection.reset();
    await closed;
  }

  return {
    port,
    through(url) {
      const address = new URL(url);
      address.port = String(port);
      return address.href;
    },
    async heal() {
      turn({ kind: 'none' });
      if (!server.listening) server = await listen(port, accept);
    },
    cut,
    stall: () => turn({ kind: 'stall' }),
    halve: (bytes) => turn({ kind: 'halve', bytes }),
    slow: (ms) => turn({ kind: 'slow', ms }),
    close: async () => {
      if (server.listening) await cut();
    },
  };
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

type Connection = ReturnType<typeof join>;

function join(client: Socket, upstream: Socket, faultOf: () => Fault) {
  const reset = () => {
    client.resetAndDestroy();
    upstream.destroy();
  };
  const adapt = () => {
    for (const socket of [client, upstream]) {
      if (faultOf().kind === 'stall') socket.pause();
      else socket.resume();
    }
  };
  upstream.on('data', (chunk: Buffer) => {
    const fault = faultOf();
    if (fault.kind === 'halve') {
      client.write(chunk.subarray(0, fault.bytes), reset);
    } else if (fault.kind === 'slow') {
      setTimeout(() => client.write(chunk), fault.ms);
    } else {
      client.write(chunk);
    }
  });
  client.on('data', (chunk) => upstream.write(chunk));
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.on('error', () => other.destroy());
    socket.on('end', () => other.end());
    socket.on('close', () => other.destroy());
  }
  adapt();
  return { reset, adapt };
}
