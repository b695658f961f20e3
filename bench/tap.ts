import { gzipSync } from 'node:zlib';
import { launchBrowser } from '../tests/support/browser';
import { CLIENTS, type ClientName } from '../tests/support/client';
import { type AppProcess, startAppProcess } from './app-process';
import { peopleOf } from './company';
import { startEmulatorProcess } from './emulator-process';
import { atMost, type Figure, median, round, spreadOf } from './figure';
import { inTurn, type Tap, type Tapped, tap } from './one-tap';
import { PEERS_SITE, preparePeers, prepareProduct } from './prepare';

const ALL_CLIENTS: ClientName[] = ['android', 'iphone', 'harmony', 'windows', 'mac'];

/** The same tap, both ways. */
interface Both {
  ours: Tap;
  common: Tap;
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
    const tapped = { emulator, person, heading: person.name };
    const ours = { ...tapped, url: `${apps[0].url}/` };
    const common = { ...tapped, url: `${apps[1].url}/common` };
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
    const slow = await inTurn(short ? 1 : 11, both({ slow: true }));
    const blocked = await inTurn(short ? 1 : 3, () =>
      tap(browser, { ...ours, slow: true, withoutScript: true }),
    );
    const inline = await inlineScriptBytes(apps[0], CLIENTS.android);
    const inlineDesktop = await inlineScriptBytes(apps[0], CLIENTS.windows);
    const clients: Figure[] = [];
    for (const client of ALL_CLIENTS)
      clients.push(...clientFigures(client, await inTurn(short ? 1 : 4, both({ client }))));
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
