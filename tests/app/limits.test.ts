import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { isLong, printFigures, span } from '../support/figures';
import { signedIn } from '../support/http-session';
import { type Caller, createCaller, crowd, pace } from '../support/load';

vi.setConfig({ testTimeout: 120_000 });

/** What one client, and one member, may cost the others: in the built app, by addresses that a proxy tells. */

const USERINFO = '/topapi/v2/user/getuserinfo';
const DETAIL = '/topapi/v2/user/get';
const OFFICE = '198.51.100.7';
const DEVICE = /^(?:__Host-)?dingpass-device=/;

let emulator: Emulator;
let app: App;
let caller: Caller;

const stop = async () => {
  caller?.close();
  await app?.close();
  await emulator?.close();
};

async function start(members = 40): Promise<void> {
  emulator = await startEmulator({ members, enforceQps: false });
  app = await startApp({ emulator, env: { TRUSTED_PROXY_HOPS: '1' } });
  caller = createCaller(app);
}

const askedFor = (path: string) => emulator.control.calls().byEndpoint[path] ?? 0;
const activePeople = () => emulator.company.people.filter(({ active }) => active);
const invented = () =>
  `invented-${Math.random().toString(36).slice(2)}-${Math.random().toString(36).slice(2)}`;

/** Hands in a code from an address, on a device that may be known. */
async function tryCode(code: string, address: string, cookie?: string) {
  const reply = await caller.signIn(code, { 'x-forwarded-for': address, ...(cookie ? { cookie } : {}) });
  const device = (reply.headers['set-cookie'] ?? []).find((line) => DEVICE.test(line))?.split(';', 1)[0];
  return { ...reply, device };
}

const comeIn = (at: number, address: string, cookie?: string) =>
  tryCode(emulator.control.mintCode(activePeople()[at]!.userid), address, cookie);

async function refuseCodes(
  count: number,
  address: (at: number) => string,
  cookie?: string,
): Promise<number[]> {
  const ends: number[] = [];
  for (let at = 0; at < count; at++) ends.push((await tryCode(invented(), address(at), cookie)).status);
  return ends;
}

describe('codes that DingTalk refuses by a number on no list', () => {
  beforeAll(() => start());
  afterAll(stop);

  test.each([
    [40_999, undefined],
    [-7, 'something new'],
    [820_001, ''],
    [22, undefined],
  ])('%i counts: twenty of an address are asked about', async (errcode, errmsg) => {
    const office = `198.51.100.${Math.abs(errcode) % 250}`;
    expect((await comeIn(0, '192.0.2.1')).status).toBe(200);
    const before = askedFor(USERINFO);
    const fault = { kind: 'errcode' as const, errcode, ...(errmsg === undefined ? {} : { errmsg }) };
    emulator.control.fault({ endpoint: USERINFO, times: 'always', fault });
    const ends = await refuseCodes(30, () => office);
    expect(askedFor(USERINFO) - before).toBe(20);
    expect(ends.slice(0, 20).every((status) => status === 502 || status === 503)).toBe(true);
    expect(ends.slice(20)).toEqual(Array(10).fill(429));
    emulator.control.clearFaults();
    expect((await comeIn(1, '192.0.2.1')).status).toBe(200);
  });
});

describe('an office behind one address', () => {
  beforeAll(() => start(260));
  afterAll(stop);

  test('whose people have been here before is not shut out by refused codes', async () => {
    const size = span(60, 200);
    const devices = await crowd({ count: size, atOnce: 10 }, async (at) => {
      const { status, device } = await comeIn(at, OFFICE);
      expect([status, device]).toEqual([200, expect.stringMatching(DEVICE)]);
      return device!;
    });
    expect(new Set(devices).size).toBe(size);
    expect(await refuseCodes(25, () => OFFICE)).toEqual([...Array(20).fill(401), ...Array(5).fill(429)]);
    const back = await crowd({ count: size, atOnce: 10 }, (at) => comeIn(at, OFFICE, devices[at]));
    expect(back.filter(({ status }) => status !== 200)).toEqual([]);

    // A cookie that was made up, or is there twice, is no device.
    const [first, second] = devices as [string, string];
    for (const forged of [`${first.slice(0, -3)}AAA`, `${first}; ${second}`, first.replace(/=.*/, '=x')])
      expect((await comeIn(0, OFFICE, forged)).status).toBe(429);
    // A device that was taken over has its own twenty, and takes nothing from its neighbours.
    expect(await refuseCodes(22, () => OFFICE, first)).toEqual([...Array(20).fill(401), 429, 429]);
    expect((await comeIn(0, '192.0.2.9', first)).status).toBe(429);
    expect((await comeIn(1, OFFICE, second)).status).toBe(200);
  });

  test('with an IPv6 network of its own: a /48 has two clients’ failures, known devices of it and others come in', async () => {
    const inside = (at: number) => `2001:db8:1:${at.toString(16)}::5`;
    const { device } = await comeIn(0, inside(0xffff));
    const before = askedFor(USERINFO);
    const ends = await refuseCodes(60, inside);
    expect(ends.filter((status) => status === 401)).toHaveLength(40);
    expect(ends.slice(40)).toEqual(Array(20).fill(429));
    expect(askedFor(USERINFO) - before).toBe(40);
    expect((await comeIn(1, inside(0x7000))).status).toBe(429);
    expect((await comeIn(0, inside(0x7001), device)).status).toBe(200);
    expect((await comeIn(2, '2001:db8:2::5')).status).toBe(200);
  });
});

describe('a directory', () => {
  afterAll(stop);

  test('a member who goes through people’s pages without end costs DingTalk few calls, and nobody a sign-in', async () => {
    emulator = await startEmulator({ members: 400, enforceQps: true, qps: 20 });
    app = await startDirectoryApp({
      emulator,
      env: { TRUSTED_PROXY_HOPS: '1', DIRECTORY_CALLS_PER_SECOND: '10' },
    });
    caller = createCaller(app);
    const people = activePeople();
    const member = await signedIn(app, emulator, people[0]!.userid);
    await untilRead(member);
    const cookie = member.cookieHeader();
    const seconds = span(5, 60);
    const enough = span(120, Number.POSITIVE_INFINITY);
    const before = askedFor(DETAIL);
    const until = performance.now() + seconds * 1000;
    let visited = 0;
    const atLeast = 46;
    const loop = async () => {
      // On a busy machine it takes longer to come to that many.
      while ((performance.now() < until || visited < atLeast) && visited < enough) {
        const { userid } = people[1 + (visited++ % (people.length - 1))]!;
        const path = visited % 5 === 0 ? '/me' : `/directory/people/${userid}`;
        expect((await caller.ask(path, { headers: { cookie } })).status).toBe(200);
      }
    };
    const others = pace({ count: seconds * 2, perSecond: 2 }, (at) =>
      comeIn(at % people.length, `192.0.2.${at}`),
    );
    await Promise.all([...Array(4)].map(loop));
    const lost = (await others).filter(({ status }) => status !== 200);
    // Every sign-in asks for the record of the person once.
    const calls = askedFor(DETAIL) - before - seconds * 2;
    printFigures(`${seconds} s of one member’s pages in a loop`, {
      pages: visited,
      calls,
      'sign-ins lost': lost.length,
    });
    expect(lost).toEqual([]);
    expect(visited).toBeGreaterThanOrEqual(atLeast);
    // Fifteen questions a minute, where the minutes begin by the clock; in a short run at most two have begun.
    expect(calls).toBeLessThanOrEqual(isLong ? 60 : 30);
  });
});
