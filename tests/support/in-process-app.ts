import { AsyncLocalStorage } from 'node:async_hooks';
import { vi } from 'vitest';
import type { Emulator } from '../../emulator/server';
import { ADDRESS_HEADER } from '../../lib/http/internal-headers';
import { appEnv } from './app';

/** What `Visitor` needs of an app that runs in the test's own process. */
export interface InProcessApp {
  url: string;
  origin: string;
  /** Answers as the route handler does. There are no pages, no proxy.ts and no limits of connections. */
  answer(request: Request): Promise<Response>;
  /** Every line of the log so far. */
  output(): string;
  close(): Promise<void>;
}

const { incoming, afterwards } = vi.hoisted(() => ({
  incoming: { headers: undefined as unknown },
  afterwards: [] as unknown[],
}));

// Outside Next there is no request for these two.
vi.mock('next/headers', () => ({
  headers: async () => (incoming.headers as AsyncLocalStorage<Headers>).getStore(),
}));
vi.mock('next/server', () => ({ after: (task: () => unknown) => void afterwards.push(task()) }));

const ORIGIN = 'http://localhost:3000';
type Handlers = Partial<Record<string, (request: Request) => Promise<Response>>>;

/**
 * The sign-in's handlers in this very process, with settings and memory of their own, as an app has that just started:
 * a hundred of these cost less than one started app. One at a time: it is what this process is.
 */
export async function startInProcess(
  emulator: Emulator,
  env: Record<string, string> = {},
): Promise<InProcessApp> {
  forgetSingletons();
  for (const [name, value] of Object.entries({ ...appEnv(emulator, ORIGIN), ...env }))
    vi.stubEnv(name, value);
  incoming.headers = new AsyncLocalStorage<Headers>();
  captureOutput();
  const from = written.length;
  const session: Handlers = { ...(await import('../../app/api/session/route')), dynamic: undefined };
  const { sessions } = await import('../../lib/session/sessions');
  const { closeAudit } = await import('../../lib/storage/audit-log');
  const { closeDatabases, openDatabases } = await import('../../lib/storage/databases');
  await openDatabases();
  return {
    url: ORIGIN,
    origin: ORIGIN,
    answer: (request) => {
      // As the connection's hooks do.
      request.headers.set(ADDRESS_HEADER, new URL(request.url).pathname);
      return (incoming.headers as AsyncLocalStorage<Headers>).run(request.headers, () =>
        session[request.method]!(request),
      );
    },
    output: () => written.slice(from).join(''),
    close: async () => {
      await Promise.all(afterwards.splice(0));
      // Else what it does from time to time meets a database that is closed.
      await sessions().close();
      await closeAudit();
      // What is still under way finds its settings and its log until the next one starts.
      await closeDatabases();
    },
  };
}

/** As if the process had just started. */
export function forgetSingletons(): void {
  for (const key of Object.getOwnPropertySymbols(globalThis)) {
    if (key.description?.startsWith('dingpass.')) delete (globalThis as Record<symbol, unknown>)[key];
  }
}

const written: string[] = [];

/** Takes what is written to standard output, as the log is: Pino uses a `write` that is not the stream's own. */
function captureOutput(): void {
  process.stdout.write = (chunk: unknown) => {
    written.push(String(chunk));
    return true;
  };
}
