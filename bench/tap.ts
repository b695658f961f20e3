import { gzipSync } from 'node:zlib';
import type { Browser, CDPSession, Page } from 'playwright';
import { launchBrowser } from '../tests/support/browser';
import { blockQuickScript, CLIENTS, type ClientName, openClient } from '../tests/support/client';
import { type AppProcess, startAppProcess } from './app-process';
import { codeFor, type Person, peopleOf } from './company';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atMost, type Figure, median, round, spreadOf } from './figure';
import { PEERS_SITE, preparePeers, prepareProduct } from './prepare';

/** A mid-range Android on slow 4G, as Chrome's own audits have it. */
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1024 * 1024) / 8,
  uploadThroughput: (750 * 1024) / 8,
};
const CPU_SLOWDOWN = 4;
const ALL_CLIENTS: ClientName[] = ['android', 'iphone', 'harmony', 'windows', 'mac'];

/** One tap on the icon. Times in ms from the tap, bytes as they came over the line. */
interface Tap {
  /** The client was asked for a code. */
  asked: number;
  /** The answer to the sign-in was there. */
  session: number;
  /** The first internal page was painted. */
  painted: number;
  /** Of scripts that had come before the session; without what stands in the page itself. */
  scriptBytes: number;
  bytes: number;
  /** The longest chain of requests of which each began after the one before had ended. */
  trips: number;
}

/** The same tap, both ways. */
interface Both {
  ours: Tap;
  common: Tap;
}

interface Tapped {
  emulator: EmulatorProcess;
  person: Person;
  url: string;
  client?: ClientName;
  slow?: boolean;
  /** As if the script in the page did not run. */
  withoutScript?: boolean;
}

/**
 * From the tap on the icon to the first internal page, in a webview that has never been here. The common way: a
 * redirect to a page of React, and the whole SDK in an effect of it.
 */
export async function benchTap({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await Promise.all([prepareProduct(), preparePeers()]);
  const emulator = await startEmulatorProcess({ members: 60, departments: 8, seed: 1 });
  const apps = [
    await startAppProcess({ emulator }),
    await startAppProcess({ emulator, directory: PEERS_SITE }),
  ] as const;
  const browser = await launchBrowser();
  try {
    await emulator.control('settings', { enforceQps: false });
    const person = (await peopleOf(emulator, 1))[0]!;
    const ours = { emulator, person, url: `${apps[0].url}/` };
    const common = { emulator, person, url: `${apps[1].url}/common` };
    // What a server does once only is not a tap's.
    for (const way of [ours, common]) await tap(browser, way);
    const both =
      (more: Partial<Tapped>) =>
      async (oursFirst: boolean): Promise<Both> => {
        const tapOurs = () => tap(browser, { ...ours, ...more });
        const tapCommon = () => tap(browser, { ...common, ...more });
        return oursFirst
          ? { ours: await tapOurs(), common: await tapCommon() }
          : { common: await tapCommon(), ours: await tapOurs() };
      };
    const slow = await several(short ? 1 : 11, both({ slow: true }));
    const blocked = await several(short ? 1 : 3, () =>
      tap(browser, { ...ours, slow: true, withoutScript: true }),
    );
    const inline = await inlineScriptBytes(apps[0], CLIENTS.android);
    const inlineDesktop = await inlineScriptBytes(apps[0], CLIENTS.windows);
    const clients: Figure[] = [];
    for (const client of ALL_CLIENTS)
      clients.push(...clientFigures(client, await several(short ? 1 : 4, both({ client }))));
    return [
      ...slowFigures(slow, inline),
      atMost('script in the page for desktops', round(inlineDesktop / 1000, 1), ' KB', 20),
      ...blockedFigures(blocked),
      ...clients,
    ];
  } finally {
    await browser.close();
    await Promise.all(apps.map((app) => app.close()));
    emulator.close();
  }
}

/** One after the other; each gets whether ours goes first, because the machine is another one after the first. */
async function several<T>(times: number, one: (oursFirst: boolean) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < times; n++) all.push(await one(n % 2 === 0));
  return all;
}

/** Compressed, as it comes in the page. */
async function inlineScriptBytes({ url }: AppProcess, userAgent: string): Promise<number> {
  const headers = { 'user-agent': userAgent, accept: 'text/html' };
  const html = await (await fetch(url, { headers })).text();
  const scripts = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text);
  return gzipSync(scripts.join('\n')).length;
}

function slowFigures(rounds: Both[], inline: number): Figure[] {
  const ratioOf = (what: 'asked' | 'painted') => rounds.map(({ ours, common }) => ours[what] / common[what]);
  const both = (what: keyof Tap) =>
    [median(rounds.map(({ ours }) => ours[what])), median(rounds.map(({ common }) => common[what]))] as const;
  const bar = (what: string, values: number[], most: number): Figure => ({
    ...atMost(what, round(median(values)), '', most),
    spread: spreadOf(values),
    ratioTo: 'the common way, slow phone',
  });
  const pair = (what: string, of: keyof Tap, scale: number, unit: string): Figure[] => {
    const [ours, common] = both(of);
    return [
      { what: `slow phone: ${what}`, value: round(ours / scale, scale === 1 ? 0 : 1), unit },
      {
        what: `slow phone: ${what}, the common way`,
        value: round(common / scale, scale === 1 ? 0 : 1),
        unit,
      },
    ];
  };
  return [
    bar('tap → code asked', ratioOf('asked'), 0.3),
    bar('tap → internal page painted', ratioOf('painted'), 0.5),
    atMost(
      'all script before the session exists',
      round((inline + both('scriptBytes')[0]) / 1000, 1),
      ' KB',
      20,
    ),
    ...pair('tap → code asked', 'asked', 1, ' ms'),
    ...pair('tap → session', 'session', 1, ' ms'),
    ...pair('tap → internal page painted', 'painted', 1, ' ms'),
    ...pair('scripts that had come before the session', 'scriptBytes', 1000, ' KB'),
    ...pair('everything until the page was painted', 'bytes', 1000, ' KB'),
    ...pair('requests one after the other', 'trips', 1, ''),
  ];
}

function blockedFigures(taps: Tap[]): Figure[] {
  const of = (what: 'asked' | 'painted') => Math.round(median(taps.map((one) => one[what])));
  return [
    { what: 'slow phone, script in the page blocked: tap → code asked', value: of('asked'), unit: ' ms' },
    { what: 'slow phone, script in the page blocked: tap → painted', value: of('painted'), unit: ' ms' },
  ];
}

function clientFigures(client: ClientName, rounds: Both[]): Figure[] {
  const summarize = (taps: Tap[]) => {
    const of = (what: 'asked' | 'painted') => Math.round(median(taps.map((one) => one[what])));
    return { value: `${of('asked')} / ${of('painted')}`, unit: ' ms' };
  };
  const what = `${client}, fast line: code asked / page painted`;
  return [
    { what, ...summarize(rounds.map(({ ours }) => ours)) },
    { what: `${what}, the common way`, ...summarize(rounds.map(({ common }) => common)) },
  ];
}

async function tap(
  browser: Browser,
  { emulator, person, url, client = 'android', slow, withoutScript }: Tapped,
): Promise<Tap> {
  const code = await codeFor(emulator, person);
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
    if (withoutScript) await blockQuickScript(context);
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
  interface Exchange {
    script: boolean;
    post: boolean;
    from: number;
    answered: number;
    to: number;
    bytes: number;
  }
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
    let chain = 0;
    let end = Number.NEGATIVE_INFINITY;
    for (const exchange of exchanges
      .filter(({ to }) => to < Number.POSITIVE_INFINITY)
      .sort((a, b) => a.to - b.to)) {
      if (exchange.from < end) continue;
      chain++;
      end = exchange.to;
    }
    return {
      startedAt,
      session: (session - origin) * 1000,
      scriptBytes: scripts.reduce((sum, { bytes }) => sum + bytes, 0),
      bytes: exchanges.reduce((sum, { bytes }) => sum + bytes, 0),
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
