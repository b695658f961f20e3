import { execFileSync } from 'node:child_process';
import { startPostgres } from '../emulator/demo/postgres-server';
import { type AppProcess, startAppProcess } from './app-process';
import { codeFor, type Person, peopleOf } from './company';
import { signIn } from './contenders';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atLeast, exactly, type Figure, median, round, spreadOf } from './figure';
import { type Ask, type LoadProcess, startLoadProcess } from './load';
import { prepareProduct } from './prepare';

interface Size {
  rounds: number;
  pageMs: number;
  signIns: number;
}
const FULL: Size = { rounds: 16, pageMs: 1500, signIns: 150 };
const SHORT: Size = { rounds: 1, pageMs: 100, signIns: 6 };
const MEMBERS = 400;
/** So many that each of three processes, too, always has a dozen requests. */
const CONNECTIONS = 36;
const KINDS = ['page', 'sign-in'] as const;
type Kind = (typeof KINDS)[number];

/**
 * What sharing a database costs: three processes that serve in turn, by one that serves alone, each on a PostgreSQL
 * database. All are pinned to one core, so that three have no more of the machine than one.
 */
export async function benchMachines({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await prepareProduct();
  const size = short ? SHORT : FULL;
  const server = await startPostgres({ durable: true });
  const emulator = await startEmulatorProcess({ members: MEMBERS, departments: 12, seed: 1 });
  const load = startLoadProcess();
  const apps: AppProcess[] = [];
  const start = async (name: string, count: number) => {
    const env = { DATABASE_URL: await server.createDatabase(name) };
    for (let at = 0; at < count; at++) apps.push(pinned(await startAppProcess({ emulator, env })));
    return apps.slice(-count);
  };
  try {
    await emulator.control('settings', { qps: 100_000 });
    const people = await peopleOf(emulator, MEMBERS / 2);
    const groups = [await start('one', 1), await start('three', 3)];
    const cookies: string[] = [];
    for (const [app] of groups) cookies.push(await signIn('ours', app!.url, emulator, people[0]!));
    const course = { groups, cookies, people, emulator, load, size };
    if (!short) for (const kind of KINDS) await warm(kind, course);
    const figures: Figure[] = [];
    let failures = 0;
    for (const kind of KINDS) {
      const rounds = await interleaved(kind, course);
      failures += rounds.reduce((sum, round) => sum + round.failures, 0);
      const ratios = rounds.map(({ perSecond: [one = 0, three = 0] }) => three / one);
      const what = `${kind}: three processes over one, on the same core, per second`;
      figures.push({ ...atLeast(what, round(median(ratios)), '', 0.9), spread: spreadOf(ratios) });
      const alone = median(rounds.map(({ perSecond: [one = 0] }) => one));
      figures.push({ what: `${kind}: of one process`, value: round(alone, 0), unit: ' /s' });
    }
    return [...figures, exactly('answers other than 200', failures, 0)];
  } finally {
    load.close();
    for (const app of apps) await app.close();
    emulator.close();
    await server.close();
  }
}

/** With all its threads, to the first core. */
function pinned(app: AppProcess): AppProcess {
  execFileSync('taskset', ['-a', '-p', '-c', '0', String(app.pid)]);
  return app;
}

interface Course {
  groups: AppProcess[][];
  /** Of each group. */
  cookies: string[];
  people: Person[];
  emulator: EmulatorProcess;
  load: LoadProcess;
  size: Size;
}

/** Each process by itself: of three that shared the requests of one, each would have compiled a third as much. */
async function warm(kind: Kind, { groups, cookies, ...course }: Course) {
  const { pageMs, signIns } = course.size;
  const size = { rounds: 1, pageMs: pageMs * 6, signIns: signIns * 3 };
  for (const [index, apps] of groups.entries())
    for (const app of apps)
      await interleaved(kind, { ...course, groups: [[app]], cookies: [cookies[index]!], size });
}

/** In each round every group has its turn, once in this order, once in the other. */
async function interleaved(kind: Kind, { groups, cookies, load, size, ...rest }: Course) {
  const rounds: { perSecond: number[]; failures: number }[] = [];
  for (let number = 0; number < size.rounds; number++) {
    const perSecond: number[] = [];
    let failures = 0;
    const order = [...groups.entries()];
    for (const [index, apps] of number % 2 ? order.reverse() : order) {
      const path = kind === 'page' ? '/' : '/api/session';
      const asks =
        kind === 'page'
          ? apps.map(({ url }) => ({ url: url + path, cookie: cookies[index]! }))
          : await signInAsks(apps, path, size.signIns, rest);
      const until = kind === 'page' ? size.pageMs : 'each-once';
      const result = await load.run({ url: apps[0]!.url, asks, connections: CONNECTIONS, until });
      perSecond[index] = result.requests / result.seconds;
      failures += result.failures;
    }
    rounds.push({ perSecond, failures });
  }
  return rounds;
}

async function signInAsks(
  apps: AppProcess[],
  path: string,
  count: number,
  { people, emulator }: Pick<Course, 'people' | 'emulator'>,
): Promise<Ask[]> {
  const asks: Ask[] = [];
  for (let at = 0; at < count; at++) {
    const code = await codeFor(emulator, people[at % people.length]!);
    asks.push({ url: apps[at % apps.length]!.url + path, body: JSON.stringify({ code }) });
  }
  return asks;
}
