import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: a browser's could take one before the app listens on it. */
const FIRST_PORT = 12_000;
const PORTS_OF_A_WORKER = 1_000;

/** Each worker has ports of its own. Of two apps on one port the second ends, and the first answers the tests of both. */
const ownFirst = FIRST_PORT + (Number(process.env.VITEST_POOL_ID ?? 0) % 16) * PORTS_OF_A_WORKER;
let tried = process.pid % PORTS_OF_A_WORKER;

/** A port of 127.0.0.1 that was free a moment ago, and that this process has not named before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_OF_A_WORKER; attempt++) {
    const port = ownFirst + (tried++ % PORTS_OF_A_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error('no port');
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
