import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AppProcess, startAppProcess } from './app-process';
import { codeFor, type Person, peopleOf, readDirectory } from './company';
import { signIn } from './contenders';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atMost, type Figure, median, round, spreadOf } from './figure';
import { type LoadProcess, startLoadProcess } from './load';
import { prepareProduct } from './prepare';

const MEGABYTE = 1024 * 1024;
const BUILD = fileURLToPath(new URL('../.next', import.meta.url));
/** The account of every measured sign-in. */
const VISITORS = 50;

interface Size {
  members: number[];
  starts: number;
  rounds: number;
  /** Requests of each kind in a round. */
  asks: number;
  pageLoads: number;
}
const FULL: Size = { members: [60, 600, 6000, 100_000], starts: 5, rounds: 31, asks: 40, pageLoads: 2000 };
const SHORT: Size = { members: [60, 120], starts: 1, rounds: 1, asks: 3, pageLoads: 10 };

/** A company whose directory has been read. */
interface Company {
  members: number;
  emulator: EmulatorProcess;
  dataDir: string;
  visitors: Person[];
}

/** What the built product costs while it stands still, and how it grows with the company. */
export async function benchStart({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await prepareProduct();
  const size = short ? SHORT : FULL;
  const load = startLoadProcess();
  const companies: Company[] = [];
  try {
    for (const members of size.members) companies.push(await readCompany(members));
    return [
      ...(await startFigures(companies, size, load)),
      ...buildFigures(),
      ...(await growthFigures(companies, size, load)),
    ];
  } finally {
    load.close();
    for (const { emulator, dataDir } of companies) {
      emulator.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }
}

async function readCompany(members: number): Promise<Company> {
  const departments = Math.max(12, members / 20);
  const emulator = await startEmulatorProcess({ members, departments, seed: 1 });
  const dataDir = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  await readDirectory(emulator, dataDir);
  return { members, emulator, dataDir, visitors: await peopleOf(emulator, VISITORS) };
}

function startProduct({ emulator, dataDir }: Company): Promise<AppProcess> {
  // Read a moment ago: the next time is hours away.
  return startAppProcess({ emulator, env: { DATA_DIR: dataDir, DIRECTORY_SYNC: 'on' } });
}

async function startFigures(companies: Company[], size: Size, load: LoadProcess): Promise<Figure[]> {
  const times = companies.map((): number[] => []);
  const idle = companies.map((): number[] => []);
  const loaded = companies.map((): number[] => []);
  for (let start = 0; start < size.starts; start++) {
    for (const [index, company] of companies.entries()) {
      const started = performance.now();
      const app = await startProduct(company);
      times[index]!.push(performance.now() - started);
      idle[index]!.push(memoryOf(app));
      if (start === 0) loaded[index]!.push(await memoryAfterPages(app, company, size.pageLoads, load));
      await app.close();
    }
  }
  return [
    ...growing('command → first 200', ' ms', companies, times),
    ...growing('memory when started', ' MB', companies, idle),
    ...growing(`memory after ${size.pageLoads} pages`, ' MB', companies, loaded),
  ];
}

/** What it is in the smallest company, and how many times as much in each larger one. */
function growing(what: string, unit: string, companies: Company[], values: number[][]): Figure[] {
  const [least = 0, ...others] = values.map(median);
  const digits = unit === ' ms' ? 0 : 1;
  return [
    { what, value: round(least, digits), unit, spread: spreadOf(values[0]!, digits) },
    ...others.map((value, index) => ({
      what: `${what}: ${companies[index + 1]!.members} people`,
      value: round(value / least),
      unit: '',
      ratioTo: `${what} among ${companies[0]!.members} people`,
    })),
  ];
}

async function memoryAfterPages(app: AppProcess, company: Company, pages: number, load: LoadProcess) {
  const cookie = await signIn('ours', app.url, company.emulator, company.visitors[0]!);
  const asks = Array.from({ length: pages }, () => ({ cookie }));
  await load.run({ url: `${app.url}/`, asks, connections: 16, until: 'each-once' });
  return memoryOf(app);
}

/** In megabytes: what is resident. */
function memoryOf({ pid }: AppProcess): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024;
}

function buildFigures(): Figure[] {
  return ['server', 'static'].map((part) => ({
    what: `size of the build, ${part}`,
    value: round(sizeOf(join(BUILD, part)) / MEGABYTE, 1),
    unit: ' MB',
  }));
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

const KINDS = ['sign-in', 'page', 'session check'] as const;
type Kind = (typeof KINDS)[number];

/** A company whose product serves. */
interface Served extends Company {
  app: AppProcess;
  cookie: string;
}

/** Medians of each kind in interleaved rounds, by the smallest company's of the same round. */
async function growthFigures(companies: Company[], size: Size, load: LoadProcess): Promise<Figure[]> {
  const served: Served[] = [];
  try {
    for (const company of companies) {
      const app = await startProduct(company);
      served.push({ ...company, app, cookie: '' });
      served.at(-1)!.cookie = await signIn('ours', app.url, company.emulator, company.visitors[0]!);
    }
    // Every server has been asked often before it counts.
    const warmUp = { ...size, rounds: Math.ceil(size.rounds / 3) };
    for (const kind of KINDS) await medianTimes(kind, served, warmUp, load);
    const figures: Figure[] = [];
    for (const kind of KINDS)
      figures.push(...growth(kind, served, await medianTimes(kind, served, size, load)));
    return figures;
  } finally {
    for (const { app } of served) await app.close();
  }
}

/** Of each round, each company's median in milliseconds. */
async function medianTimes(kind: Kind, served: Served[], size: Size, load: LoadProcess): Promise<number[][]> {
  const rounds: number[][] = [];
  for (let number = 0; number < size.rounds; number++) {
    const times = served.map(() => 0);
    // Once in this order, once in the other: the first contender has no advantage.
    const order = [...served.entries()];
    for (const [index, company] of number % 2 ? order.reverse() : order) {
      const result = await load.run({
        url: `${company.app.url}${kind === 'page' ? '/' : '/api/session'}`,
        asks: await asksFor(kind, company, size.asks),
        connections: 1,
        until: 'each-once',
      });
      if (result.failures > 0) throw new Error(`${kind} failed among ${company.members} people`);
      times[index] = result.p50;
    }
    rounds.push(times);
  }
  return rounds;
}

async function asksFor(kind: Kind, { emulator, visitors, cookie }: Served, count: number) {
  const asks: { cookie?: string; body?: string }[] = [];
  for (let index = 0; index < count; index++) {
    if (kind !== 'sign-in') asks.push({ cookie });
    else asks.push({ body: JSON.stringify({ code: await codeFor(emulator, visitors[index % VISITORS]!) }) });
  }
  return asks;
}

function growth(kind: Kind, served: Served[], rounds: number[][]): Figure[] {
  const first = served[0]!.members;
  const smallest = `${kind}: p50 among ${first} people`;
  return [
    { what: smallest, value: round(median(rounds.map(([ms = 0]) => ms))), unit: ' ms' },
    ...served.slice(1).map(({ members }, index) => {
      const ratios = rounds.map((times) => times[index + 1]! / times[0]!);
      const what = `${kind}: ${members} people`;
      const value = round(median(ratios));
      const isLargest = members === served.at(-1)!.members;
      const figure = isLargest ? atMost(what, value, '', 1.1) : { what, value, unit: '' };
      return { ...figure, spread: spreadOf(ratios), ratioTo: `${kind} among ${first} people` };
    }),
  ];
}
