import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Starts actions at a fixed rate, whether or not the earlier ones are done: who is slow cannot make the load lighter.
 * An action that is late says so itself.
 */
export async function pace<T>(
  { count, perSecond }: { count: number; perSecond: number },
  action: (index: number) => Promise<T>,
): Promise<T[]> {
  const started = performance.now();
  const running: Promise<T>[] = [];
  for (let index = 0; index < count; index++) {
    const due = started + (index * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 1) await delay(wait);
    running.push(action(index));
  }
  return Promise.all(running);
}

/** The value below which this share of the values lies; of an even number of values the upper middle one. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  ms: number;
}

/** Asks an app over a bounded number of kept connections: `fetch` opens as many as there are questions. */
export interface Caller {
  ask(path: string, options?: { headers?: Record<string, string>; body?: unknown }): Promise<Reply>;
  signIn(code: string, headers?: Record<string, string>): Promise<Reply>;
  close(): void;
}

const STALE = 'a stale connection';

/**
 * Makes a caller; an answer that never comes, or a broken connection, has the status 0.
 *
 * @param localAddress the address of loopback that it comes from
 */
export function createCaller(
  { url, origin }: { url: string; origin: string },
  maxSockets = 64,
  localAddress = '127.0.0.1',
): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets });
  const askOnce: Caller['ask'] = (path, { headers = {}, body } = {}) =>
    new Promise((resolve) => {
      const started = performance.now();
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent =
        text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), origin };
      let said = '';
      const end = (status: number, got: IncomingHttpHeaders) =>
        resolve({ status, headers: got, text: said, ms: performance.now() - started });
      const outgoing = request(
        url + path,
        {
          agent,
          localAddress,
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...sent, ...headers },
        },
        (incoming) => {
          incoming.setEncoding('utf8').on('data', (chunk) => {
            said += chunk;
          });
          incoming.once('end', () => end(incoming.statusCode ?? 0, incoming.headers));
          incoming.once('error', () => end(0, {}));
        },
      );
      outgoing.once('error', (error) => {
        said = outgoing.reusedSocket ? STALE : String(error);
        end(0, {});
      });
      outgoing.end(text);
    });
  /** As a browser does: where a kept connection turns out to be closed, another one is taken. */
  const ask: Caller['ask'] = async (path, options) => {
    const reply = await askOnce(path, options);
    return reply.status === 0 && reply.text === STALE ? askOnce(path, options) : reply;
  };
  return {
    ask,
    signIn: (code, headers = {}) => ask('/api/session', { headers, body: { code } }),
    close: () => agent.destroy(),
  };
}

/** As many actions as there are, so many at a time. */
export async function crowd<T>(
  { count, atOnce }: { count: number; atOnce: number },
  action: (index: number) => Promise<T>,
): Promise<T[]> {
  const ends: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      ends[index] = await action(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return ends;
}
