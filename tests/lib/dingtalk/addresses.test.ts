import dns from 'node:dns';
import { createServer as createTcpServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { createOpenSocket } from '../../../lib/dingtalk/stream/socket';
import { createLine } from '../../support/dingtalk-client';

const NAME = 'oapi.dingtalk.test';
const DEAD = '127.0.0.2';
const DEAD_TOO = '127.0.0.3';
const ALIVE = '127.0.0.1';

/** What of Node's TCP handles is needed to make a line longer. */
interface Handle {
  connect(request: object, address: string, port: number): number;
}

let emulator: Emulator;
let server: Server;
let handles: Handle;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, hosts: [NAME, 'gateway.dingtalk.test'] });
  server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  handles = Object.getPrototypeOf((server as unknown as { _handle: Handle })._handle) as Handle;
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  server.close();
  await emulator.close();
});

/** A name with these addresses, so far away that a connection takes so long; one of them never answers. */
function lengthenLine(addresses: string[], awayMs: number): void {
  vi.spyOn(dns, 'lookup').mockImplementation(((
    name: string,
    _options: object,
    done: (...all: unknown[]) => void,
  ) => {
    expect(name).toBe(NAME);
    done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );
  }) as never);
  const connect = handles.connect;
  vi.spyOn(handles, 'connect').mockImplementation(function (this: Handle, request, address, port) {
    if (address !== ALIVE) return 0;
    setTimeout(() => connect.call(this, request, address, port), awayMs);
    return 0;
  });
}

test.each([
  [[DEAD, ALIVE], 400],
  [[ALIVE, DEAD], 400],
  [[DEAD, ALIVE], 900],
  [[ALIVE, DEAD], 900],
  [[DEAD, DEAD_TOO, ALIVE], 400],
])(
  'a name with the addresses %j, %i ms away, is connected to within the limit of a call',
  async (addresses, awayMs) => {
    lengthenLine(addresses, awayMs);
    const url = `http://${NAME}:${emulator.port}`;
    await createLine(emulator, { apiUrl: url, oapiUrl: url }).client.warm();
  },
);

test('so is the gateway of the Stream', async () => {
  lengthenLine([DEAD, ALIVE], 400);
  const url = new URL(`ws://${NAME}:${emulator.port}/v1.0/gateway/connect`);
  const started = performance.now();
  const end = await new Promise<string>((resolve) => {
    createOpenSocket()(url, {
      onOpen: () => resolve('open'),
      onText: () => {},
      onSign: () => {},
      onEnd: resolve,
    });
  });
  // It was reached, and did not like the missing ticket.
  expect(end).toBe('http-401');
  expect(performance.now() - started).toBeLessThan(2500);
});
