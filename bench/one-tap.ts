import type { Browser, CDPSession, Page } from 'playwright';
import { blockInstantScript, type ClientName, openClient } from '../tests/support/client';
import { codeFor, type Person } from './company';
import type { EmulatorProcess } from './emulator-process';

/** A mid-range Android on slow 4G, as Chrome's own audits have it. */
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1024 * 1024) / 8,
  uploadThroughput: (750 * 1024) / 8,
};
const CPU_SLOWDOWN = 4;

/** One tap on the icon. Times in ms from the tap, bytes as they came over the line. */
export interface Tap {
  /** The client was asked for a code. */
  asked: number;
  /** The answer to the sign-in was there. */
  session: number;
  /** The page that was wanted was painted. */
  painted: number;
  /** Of scripts that had come before the session; without what stands in the page itself. */
  scriptBytes: number;
  bytes: number;
  /** The longest chain of requests of which each began after the one before had ended. */
  trips: number;
}

/** What is tapped, by whom, and on what. */
export interface Tapped {
  emulator: EmulatorProcess;
  person: Person;
  url: string;
  /** By which the page that was wanted is known. */
  heading: string;
  /** The app whose code the client gives; the main one by default. */
  clientId?: string | undefined;
  client?: ClientName;
  slow?: boolean;
  /** As if the script in the page did not run. */
  withoutScript?: boolean;
}

/** One after the other; each gets whether ours goes first, because the machine is another one after the first. */
export async function inTurn<T>(times: number, one: (oursFirst: boolean) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < times; n++) all.push(await one(n % 2 === 0));
  return all;
}

export async function tap(
  browser: Browser,
  { emulator, person, url, heading, clientId, client = 'android', slow, withoutScript }: Tapped,
): Promise<Tap> {
  const code = await codeFor(emulator, person, clientId);
  let asked = Number.NaN;
  const { page, context } = await openClient(browser, {
    client,
    onAsk: () => {
      asked = performance.timeOrigin + performance.now();
      return { code };
    },
  });
  try {
    const cdp = await context.newCDPSession(page);
    if (slow) {
      await cdp.send('Network.emulateNetworkConditions', NETWORK);
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
    }
    if (withoutScript) await blockInstantScript(context);
    const line = await watch(cdp);
    await page.goto(url, { waitUntil: 'commit' });
    await page.getByRole('heading', { level: 1 }).filter({ hasText: heading }).waitFor();
    const painted = await paintedAt(page);
    const { startedAt, ...seen } = line();
    return { asked: asked - startedAt, painted: painted - startedAt, ...seen };
  } finally {
    await context.close();
  }
}

interface Exchange {
  script: boolean;
  post: boolean;
  from: number;
  answered: number;
  to: number;
  bytes: number;
}

/** What goes over the line. `startedAt`: Unix time of the first request, in ms. */
async function watch(cdp: CDPSession) {
  const exchanges: Exchange[] = [];
  const open = new Map<string, Exchange>();
  const chunks: { exchange: Exchange; at: number; bytes: number }[] = [];
  let startedAt = 0;
  let origin = 0;
  await cdp.send('Network.enable');
  cdp.on(
    'Network.requestWillBeSent',
    ({ requestId, timestamp, wallTime, type, request, redirectResponse }) => {
      const before = open.get(requestId);
      if (before && redirectResponse) {
        before.to = timestamp;
        before.answered = timestamp;
        before.bytes += redirectResponse.encodedDataLength;
      }
      if (startedAt === 0) {
        startedAt = wallTime * 1000;
        origin = timestamp;
      }
      const exchange = {
        script: type === 'Script',
        post: request.method === 'POST',
        from: timestamp,
        answered: Number.POSITIVE_INFINITY,
        to: Number.POSITIVE_INFINITY,
        bytes: 0,
      };
      exchanges.push(exchange);
      open.set(requestId, exchange);
    },
  );
  cdp.on('Network.responseReceived', ({ requestId, timestamp }) => {
    const exchange = open.get(requestId);
    if (exchange) exchange.answered = timestamp;
  });
  cdp.on('Network.dataReceived', ({ requestId, timestamp, encodedDataLength }) => {
    const exchange = open.get(requestId);
    if (exchange) chunks.push({ exchange, at: timestamp, bytes: encodedDataLength });
  });
  cdp.on('Network.loadingFinished', ({ requestId, timestamp, encodedDataLength }) => {
    const exchange = open.get(requestId);
    if (!exchange) return;
    exchange.to = timestamp;
    exchange.bytes = encodedDataLength;
  });
  return () => {
    const session = exchanges.find(({ post }) => post)?.answered ?? Number.NaN;
    const scripts = chunks.filter(({ exchange, at }) => exchange.script && at <= session);
    return {
      startedAt,
      session: (session - origin) * 1000,
      scriptBytes: scripts.reduce((sum, { bytes }) => sum + bytes, 0),
      bytes: exchanges.reduce((sum, { bytes }) => sum + bytes, 0),
      trips: longestChain(exchanges),
    };
  };
}

/** The length of the longest chain of requests in which each began after the one before it had ended. */
function longestChain(exchanges: Exchange[]): number {
  let chain = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const exchange of exchanges
    .filter(({ to }) => to < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.to - b.to)) {
    if (exchange.from < end) continue;
    chain++;
    end = exchange.to;
  }
  return chain;
}

/** Unix time of the first paint of the page, in ms. */
async function paintedAt(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const tell = () => {
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          if (paint) resolve(performance.timeOrigin + paint.startTime);
          else setTimeout(tell, 20);
        };
        tell();
      }),
  );
}
