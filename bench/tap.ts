import type { Browser, CDPSession, Page } from 'playwright';
import { launchBrowser } from '../tests/support/browser';
import { type ClientName, openClient } from '../tests/support/client';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';

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
  /** The first internal page was painted. */
  painted: number;
  /** Of scripts, until the session was there; without what stands in the page itself. */
  scriptBytes: number;
  bytes: number;
  /** The longest chain of requests of which each began after the one before had ended. */
  trips: number;
}

export interface Tapped {
  emulator: EmulatorProcess;
  url: string;
  client: ClientName;
  person: { userid: string; name: string };
  slow: boolean;
  blockEarly?: boolean;
}

/** Opens an address in a cold webview, as a tap on the icon does. */
export async function tap(browser: Browser, options: Tapped): Promise<Tap> {
  const { emulator, url, client, person, slow } = options;
  const { code } = (await emulator.control('codes', { userid: person.userid })) as { code: string };
  let asked = Number.NaN;
  const opened = await openClient(browser, {
    client,
    onAsk: () => {
      asked = performance.timeOrigin + performance.now();
      return { code };
    },
  });
  const { page, context } = opened;
  try {
    const cdp = await context.newCDPSession(page);
    if (slow) {
      await cdp.send('Network.emulateNetworkConditions', NETWORK);
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
    }
    const line = await watch(cdp);
    await page.goto(url, { waitUntil: 'commit' });
    await page.getByRole('heading', { level: 1 }).filter({ hasText: person.name }).waitFor();
    const painted = await paintedAt(page);
    const { startedAt, ...seen } = line();
    return { asked: asked - startedAt, painted: painted - startedAt, ...seen };
  } finally {
    await context.close();
  }
}

/** What goes over the line. `startedAt`: Unix time of the first request, in ms. */
async function watch(cdp: CDPSession) {
  interface Trip {
    script: boolean;
    post: boolean;
    from: number;
    answered: number;
    to: number;
    bytes: number;
  }
  const trips: Trip[] = [];
  const open = new Map<string, Trip>();
  const chunks: { trip: Trip; at: number; bytes: number }[] = [];
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
      const trip = {
        script: type === 'Script',
        post: request.method === 'POST',
        from: timestamp,
        answered: Number.POSITIVE_INFINITY,
        to: Number.POSITIVE_INFINITY,
        bytes: 0,
      };
      trips.push(trip);
      open.set(requestId, trip);
    },
  );
  cdp.on('Network.responseReceived', ({ requestId, timestamp }) => {
    const trip = open.get(requestId);
    if (trip) trip.answered = timestamp;
  });
  cdp.on('Network.dataReceived', ({ requestId, timestamp, encodedDataLength }) => {
    const trip = open.get(requestId);
    if (trip) chunks.push({ trip, at: timestamp, bytes: encodedDataLength });
  });
  cdp.on('Network.loadingFinished', ({ requestId, timestamp, encodedDataLength }) => {
    const trip = open.get(requestId);
    if (!trip) return;
    trip.to = timestamp;
    trip.bytes = encodedDataLength;
  });
  return () => {
    const session = trips.find(({ post }) => post)?.answered ?? Number.NaN;
    const scripts = chunks.filter(({ trip, at }) => trip.script && at <= session);
    let chain = 0;
    let end = Number.NEGATIVE_INFINITY;
    for (const trip of trips.filter(({ to }) => to < Number.POSITIVE_INFINITY).sort((a, b) => a.to - b.to)) {
      if (trip.from < end) continue;
      chain++;
      end = trip.to;
    }
    return {
      startedAt,
      session: (session - origin) * 1000,
      scriptBytes: scripts.reduce((sum, { bytes }) => sum + bytes, 0),
      bytes: trips.reduce((sum, { bytes }) => sum + bytes, 0),
      trips: chain,
    };
  };
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
