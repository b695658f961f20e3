import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppProcess, startAppProcess } from './app-process';
import { type Person, peopleOf } from './company';
import { CONTENDERS, type Contender, NAMES, PEERS, signIn } from './contenders';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atLeast, exactly, type Figure, median, round, spreadOf } from './figure';
import { type Load, type LoadProcess, startLoadProcess } from './load';
import { PEERS_SITE, preparePeers } from './prepare';

const CONNECTIONS = 16;
const KINDS = ['page', 'route handler'] as const;
type Kind = (typeof KINDS)[number];
/** What ours must keep of the speed that there is without a session. */
const LEAST: Record<Kind, number> = { page: 0.9, 'route handler': 0.8 };

interface Size {
  /** With one member's cookie. Many and short: what disturbs the machine lasts for longer than a round. */
  rounds: number;
  ms: number;
  /** With this many members' cookies in turn. */
  members: number;
  memberRounds: number;
  /** With so many cookies in a round that this server has not seen before. */
  unseen: number;
  unseenRounds: number;
}
const FULL: Size = { rounds: 24, ms: 600, members: 200, memberRounds: 12, unseen: 50, unseenRounds: 6 };
const SHORT: Size = { rounds: 1, ms: 100, members: 4, memberRounds: 1, unseen: 4, unseenRounds: 1 };
const WARM_UP_MS = 3000;

interface Sample {
  perSecond: number;
  cpu: number;
  failures: number;
}
/** Of each round, what each contender had. */
type Rounds = Record<Contender, Sample>[];
type Cookies = Record<Contender, string[]>;

/**
 * What a session adds to a page and to a route handler: ours and each peer's, against the same without one. In every
 * round each contender has its turn, in another order: what disturbs the machine disturbs all of them.
 */
export async function benchSessionCheck({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  const size = short ? SHORT : FULL;
  const unseen = size.unseen * size.unseenRounds;
  const members = size.members + KINDS.length * unseen;
  await preparePeers();
  const emulator = await startEmulatorProcess({ members: 2 * members, departments: 12, seed: 1 });
  const dataDir = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const load = startLoadProcess();
  const start = () => startAppProcess({ emulator, directory: PEERS_SITE, env: { DATA_DIR: dataDir } });
  try {
    await emulator.control('settings', { qps: 100_000 });
    const people = await peopleOf(emulator, members);
    // Signed in at a server that is gone when the cookies are used: the next one has seen none of them.
    const cookies = await using(start, (site) => signInAll(site, emulator, people));
    return await using(start, async (site) => {
      const turns = mapCookies(cookies, (all) => all.slice(0, size.members));
      const single = mapCookies(turns, ([first = '']) => [first]);
      await assertAlike(site, single, people[0]!);
      const figures: Figure[] = [];
      for (const [index, kind] of KINDS.entries()) {
        const rest = mapCookies(cookies, (all) => all.slice(size.members + index * unseen).slice(0, unseen));
        const course = { site, load, kind };
        if (!short) await interleaved({ ...course, rounds: 1, until: WARM_UP_MS }, () => turns);
        const one = await interleaved({ ...course, rounds: size.rounds, until: size.ms }, () => single);
        const many = await interleaved({ ...course, rounds: size.memberRounds, until: size.ms }, () => turns);
        const cold = await interleaved(
          { ...course, rounds: size.unseenRounds, until: 'each-once' },
          (round) => mapCookies(rest, (all) => all.slice(round * size.unseen).slice(0, size.unseen)),
        );
        figures.push(...demanded(kind, one), ...described(kind, one));
        figures.push(...compared(`${kind}, ${size.members} members in turn`, many));
        figures.push(...compared(`${kind}, cookies never seen before`, cold));
        figures.push(exactly(`${kind}: answers other than 200`, failuresIn([one, many, cold]), 0));
        figures.push(await loadFigure(load, kind, one, size.ms));
      }
      return figures;
    });
  } finally {
    load.close();
    emulator.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function using<T>(start: () => Promise<AppProcess>, action: (app: AppProcess) => Promise<T>) {
  const app = await start();
  try {
    return await action(app);
  } finally {
    await app.close();
  }
}

async function signInAll(site: AppProcess, emulator: EmulatorProcess, people: Person[]): Promise<Cookies> {
  const cookies = mapCookies(undefined, () => []);
  for (const contender of CONTENDERS) {
    // Some at once, but in order.
    for (let from = 0; from < people.length; from += 8) {
      const some = people
        .slice(from, from + 8)
        .map((person) => signIn(contender, site.url, emulator, person));
      cookies[contender].push(...(await Promise.all(some)));
    }
  }
  return cookies;
}

function mapCookies(cookies: Cookies | undefined, change: (of: string[]) => string[]): Cookies {
  return Object.fromEntries(CONTENDERS.map((name) => [name, change(cookies?.[name] ?? [])])) as Cookies;
}

/** Each contender must have found the member, and show the same page but for the name. */
async function assertAlike({ url }: AppProcess, cookies: Cookies, { name }: Person): Promise<void> {
  for (const contender of CONTENDERS) {
    for (const path of [`/${contender}`, `/api/${contender}`]) {
      const answer = await fetch(url + path, {
        headers: { cookie: cookies[contender][0]! },
        redirect: 'manual',
      });
      const text = await answer.text();
      const shown = contender === 'none' ? '张伟' : name;
      if (answer.status !== 200 || !text.includes(shown))
        throw new Error(`${path} answers ${answer.status} and does not show ${shown}`);
    }
  }
}

interface Course extends Pick<Load, 'until'> {
  site: AppProcess;
  load: LoadProcess;
  kind: Kind;
  rounds: number;
}

async function interleaved(
  { site, load, kind, rounds, until }: Course,
  cookiesOf: (round: number) => Cookies,
): Promise<Rounds> {
  const all: Rounds = [];
  for (let round = 0; round < rounds; round++) {
    const cookies = cookiesOf(round);
    const samples: Partial<Record<Contender, Sample>> = {};
    for (const contender of shuffled(CONTENDERS)) {
      const cpuBefore = await cpuOf(site);
      const { requests, seconds, failures } = await load.run({
        url: `${site.url}${kind === 'page' ? '/' : '/api/'}${contender}`,
        asks: cookies[contender].map((cookie) => ({ cookie })),
        connections: CONNECTIONS,
        until,
      });
      const cpu = ((await cpuOf(site)) - cpuBefore) / requests;
      samples[contender] = { perSecond: requests / seconds, cpu, failures };
    }
    all.push(samples as Record<Contender, Sample>);
  }
  return all;
}

async function cpuOf({ url }: AppProcess): Promise<number> {
  return ((await (await fetch(`${url}/api/cost`)).json()) as { cpuMicroseconds: number }).cpuMicroseconds;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => [Math.random(), value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
}

/** In each round, one's speed by another's. */
function ratios(rounds: Rounds, one: Contender, other: Contender): number[] {
  return rounds.map((samples) => samples[one].perSecond / samples[other].perSecond);
}

function demanded(kind: Kind, rounds: Rounds): Figure[] {
  const toNone = ratios(rounds, 'ours', 'none');
  const toBest = Math.min(...PEERS.map((peer) => median(ratios(rounds, 'ours', peer))));
  return [
    {
      ...atLeast(`${kind}: ${NAMES.ours}`, round(median(toNone)), '', LEAST[kind]),
      spread: spreadOf(toNone),
      ratioTo: `${kind} without a session`,
    },
    ...PEERS.map((peer) => ratioFigure(`${kind}: ${NAMES[peer]}`, rounds, peer, kind)),
    atLeast(`${kind}: ${NAMES.ours}, to the best peer`, round(toBest), '', 1),
    // What others do to the machine disturbs these least.
    ...CONTENDERS.filter((name) => name !== 'none').map((name) => {
      const values = rounds.map((samples) => samples.none.cpu / samples[name].cpu);
      const what = `${kind}, by processor time: ${NAMES[name]}`;
      const ratioTo = `${kind}, by processor time, without a session`;
      return { what, value: round(median(values)), unit: '', spread: spreadOf(values), ratioTo };
    }),
  ];
}

function ratioFigure(what: string, rounds: Rounds, contender: Contender, kind: Kind): Figure {
  const values = ratios(rounds, contender, 'none');
  const ratioTo = `${kind} without a session`;
  return { what, value: round(median(values)), unit: '', spread: spreadOf(values), ratioTo };
}

/** Absolute figures, which are this machine's and this hour's. */
function described(kind: Kind, rounds: Rounds): Figure[] {
  const of = (contender: Contender, what: 'perSecond' | 'cpu') =>
    Math.round(median(rounds.map((samples) => samples[contender][what])));
  return [
    { what: `${kind}: without a session`, value: of('none', 'perSecond'), unit: ' req/s' },
    ...CONTENDERS.map((name) => ({
      what: `${kind}: processor time a request, ${NAMES[name]}`,
      value: of(name, 'cpu'),
      unit: ' µs',
      spread: spreadOf(
        rounds.map((samples) => samples[name].cpu),
        0,
      ),
    })),
  ];
}

function compared(what: string, rounds: Rounds): Figure[] {
  return CONTENDERS.filter((name) => name !== 'none').map((name) => {
    const values = ratios(rounds, name, 'none');
    return {
      what: `${what}: ${NAMES[name]}`,
      value: round(median(values)),
      unit: '',
      spread: spreadOf(values),
      ratioTo: `${what}, without a session`,
    };
  });
}

function failuresIn(courses: Rounds[]): number {
  return courses
    .flat()
    .flatMap((samples) => Object.values(samples))
    .reduce((sum, { failures }) => sum + failures, 0);
}

/** Against a server that does nothing, the same load must be several times as fast as in the fastest round. */
async function loadFigure(load: LoadProcess, kind: Kind, rounds: Rounds, ms: number): Promise<Figure> {
  const bare = createServer((_, answer) => answer.end('{}'));
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
  let most = 0;
  for (let round = 0; round < rounds.length; round++) {
    const { requests, seconds } = await load.run({ url, asks: [{}], connections: CONNECTIONS, until: ms });
    most = Math.max(most, requests / seconds);
  }
  bare.close();
  bare.closeAllConnections();
  const fastest = Math.max(...rounds.flatMap((samples) => CONTENDERS.map((name) => samples[name].perSecond)));
  return atLeast(`${kind}: capacity of the load generator over the load`, round(most / fastest), '', 3);
}
