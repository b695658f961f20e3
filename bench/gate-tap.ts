import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostProxy, startHostProxy } from '../emulator/demo/host-proxy';
import { startEmulator } from '../emulator/server';
import { launchBrowser } from '../tests/support/browser';
import { freePort } from '../tests/support/port';
import { startAppProcess } from './app-process';
import { peopleOf } from './company';
import { controlOf, type EmulatorProcess } from './emulator-process';
import { atMost, type Figure, median, round, spreadOf } from './figure';
import { inTurn, type Tap, tap } from './one-tap';
import { prepareProduct } from './prepare';

const OWN_HOST = 'wiki.localhost';
const OTHER_HOST = 'handbook.localhost';
const OWN_APP = { clientId: 'dingbenchwikikey00001', clientSecret: 'bench-wiki-secret-that-opens-nothing' };

/** The same tap on both hosts. */
interface Both {
  own: Tap;
  main: Tap;
}

/**
 * From the tap on a tile to a page that others wrote, in a webview that has been neither there nor on the main origin:
 * on a host with a DingTalk app of its own, and on one that signs people in through the main origin.
 */
export async function benchGateTap({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await prepareProduct();
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const site = await startSite();
  const gate = `127.0.0.1:${await freePort()}`;
  const proxy = await startHostProxy({ gateUrl: `http://${gate}`, siteUrl: addressOf(site) });
  const emulator = await startCompany(proxy);
  const app = await startAppProcess({ emulator, env: gateSettings(gate, folder) });
  const browser = await launchBrowser();
  try {
    const person = (await peopleOf(emulator, 1))[0]!;
    const tapped = { emulator, person, heading: person.userid };
    const own = { ...tapped, url: urlOn(OWN_HOST, proxy), clientId: OWN_APP.clientId };
    const main = { ...tapped, url: urlOn(OTHER_HOST, proxy) };
    // What a server does once only is not a tap's.
    for (const way of [own, main]) await tap(browser, way);
    const rounds = await inTurn(short ? 1 : 11, async (ownFirst): Promise<Both> => {
      const tapOwn = () => tap(browser, { ...own, slow: true });
      const tapMain = () => tap(browser, { ...main, slow: true });
      return ownFirst
        ? { own: await tapOwn(), main: await tapMain() }
        : { main: await tapMain(), own: await tapOwn() };
    });
    return figuresOf(rounds);
  } finally {
    await browser.close();
    await app.close();
    emulator.close();
    proxy.close();
    site.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function figuresOf(rounds: Both[]): Figure[] {
  const ratios = rounds.map(({ own, main }) => own.painted / main.painted);
  const pair = (what: string, of: keyof Tap, scale: number, unit: string): Figure[] => {
    const value = (taps: Tap[]) => round(median(taps.map((one) => one[of])) / scale, scale === 1 ? 0 : 1);
    return [
      {
        what: `slow phone: ${what}, host with an app of its own`,
        value: value(rounds.map(({ own }) => own)),
        unit,
      },
      {
        what: `slow phone: ${what}, through the main origin`,
        value: value(rounds.map(({ main }) => main)),
        unit,
      },
    ];
  };
  return [
    {
      ...atMost('tap → protected page painted', round(median(ratios)), '', 0.7),
      spread: spreadOf(ratios),
      ratioTo: 'through the main origin, slow phone',
    },
    ...pair('tap → protected page painted', 'painted', 1, ' ms'),
    ...pair('everything until the page was painted', 'bytes', 1000, ' KB'),
    ...pair('requests one after the other', 'trips', 1, ''),
  ];
}

/** In this process: the emulator's command knows of one app only. Both hosts ask the same of it. */
async function startCompany(proxy: HostProxy): Promise<EmulatorProcess> {
  const { url, clientId, clientSecret, close } = await startEmulator({
    enforceQps: false,
    protectedHosts: [
      { host: hostOf(OWN_HOST, proxy), name: OWN_HOST, app: OWN_APP },
      { host: hostOf(OTHER_HOST, proxy), name: OTHER_HOST },
    ],
  });
  return { url, clientId, clientSecret, control: controlOf(url), close: () => void close() };
}

function gateSettings(listen: string, folder: string): Record<string, string> {
  const hosts = [OWN_HOST, OTHER_HOST];
  const rules = join(folder, 'access.jsonc');
  writeFileSync(rules, JSON.stringify(hosts.map((host) => ({ at: `${host}/*`, for: ['everybody'] }))));
  return {
    ACCESS_FILE: rules,
    GATE_LISTEN: listen,
    GATE_HOSTS: hosts.join(','),
    GATE_APPS: `${OWN_HOST}=${OWN_APP.clientId}:${OWN_APP.clientSecret}`,
  };
}

/** A page that others wrote: small, so that the way to it is what is measured. */
async function startSite(): Promise<Server> {
  const site = createServer(({ headers }, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(
      `<!doctype html><title>Wiki</title><meta name="viewport" content="width=device-width"><h1>${headers['remote-user'] ?? 'nobody'}</h1>`,
    );
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  return site;
}

function addressOf(site: Server): string {
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

function hostOf(name: string, proxy: HostProxy): string {
  return `${name}:${new URL(proxy.url).port}`;
}

function urlOn(name: string, proxy: HostProxy): string {
  return `http://${hostOf(name, proxy)}/`;
}
