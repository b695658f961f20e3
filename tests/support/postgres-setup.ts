import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgres } from '../../emulator/demo/postgres-server';
import { createAuthority } from './certificates';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Answers with the address of the run's PostgreSQL server, which the first question starts; `authority`: with the
     * certificate of the authority by which it is `localhost` over TLS.
     */
    postgres: string;
  }
}

/** What the projects of a run share. */
interface Shared {
  users: number;
  front: Promise<Server>;
  server: Promise<PostgresServer> | undefined;
}

const store = globalThis as unknown as Record<symbol, Shared | undefined>;
const KEY = Symbol.for('dingpass.tests.postgres');
const authority = createAuthority();

/** One PostgreSQL server for all test files of a run. It costs nothing until a test asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  store[KEY] ??= { users: 0, front: listen(), server: undefined };
  const shared = store[KEY];
  shared.users++;
  const { port } = (await shared.front).address() as AddressInfo;
  project.provide('postgres', `http://127.0.0.1:${port}/`);
  return async () => {
    if (--shared.users > 0) return;
    store[KEY] = undefined;
    (await shared.front).close();
    await (await shared.server)?.close();
  };
}

function listen(): Promise<Server> {
  const front = createServer(({ url }, response) => {
    if (url === '/authority') return void response.end(authority.pem);
    addressOfServer().then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  return new Promise((resolve) => front.listen(0, '127.0.0.1', () => resolve(front.unref())));
}

async function addressOfServer(): Promise<string> {
  const shared = store[KEY] as Shared;
  shared.server ??= startPostgres({ certificate: authority.issue({ host: 'localhost' }) });
  return (await shared.server).adminUrl;
}
