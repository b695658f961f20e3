import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AppProcess, startAppProcess } from './app-process';
import { codeFor, type Person, peopleOf, readDirectory } from './company';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atMost, exactly, type Figure, median, percentile, round } from './figure';
import { PEERS_SITE, preparePeers, prepareProduct } from './prepare';

const RATE = 20;
const MEMBERS = 400;
/** What DingTalk needs for an answer. */
const LATENCY_MS = 20;

/** Of each way so many in a row, then the next way's turn. */
const TURN = 120;
/** Of each turn the first second is not counted: it would measure how a server wakes up after a pause. */
const LEAD_IN = RATE;

/**
 * What a sign-in costs beyond the calls that it makes: against the same calls made by themselves, and against a bare
 * handler, at the same rate in the same rounds. All by the clock of who asks.
 */
export async function benchSignIn({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await Promise.all([prepareProduct(), preparePeers()]);
  const emulator = await startEmulatorProcess({ members: MEMBERS, departments: 12, seed: 1 });
  const [dataDir, mirrorDir] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'dingpass-bench-')));
  await readDirectory(emulator, mirrorDir!);
  const app = await startAppProcess({ emulator, env: { DATA_DIR: dataDir! } });
  const withMirror = await startAppProcess({
    emulator,
    env: { DATA_DIR: mirrorDir!, DIRECTORY_SIGN_IN_MAX_AGE_SECONDS: '86400' },
  });
  const site = await startAppProcess({ emulator, directory: PEERS_SITE });
  try {
    await emulator.control('settings', { enforceQps: false, latencyMs: LATENCY_MS });
    const people = await peopleOf(emulator, 200);
    const token = await tokenOf(emulator);
    const codes = codesOf(emulator, people);
    const ways = {
      signIn: (code) => signIn(app, code),
      mirror: (code) => signIn(withMirror, code),
      calls: (code) => bothCalls(emulator, token, code),
      exchange: async (code) => void (await exchange(emulator, token, code)),
      bare: async () => void (await ask(`${site.url}/api/none`)),
    } satisfies Record<string, Way>;
    // The server is warm: it has served before the measurement.
    for (let n = 0; n < (short ? 1 : 50); n++) {
      for (const way of [ways.signIn, ways.mirror]) await atOnce(way, await codes(20));
    }
    const { times, made } = await measureInTurns(emulator, ways, { codes, short });
    const single = await oneByOne(ways.signIn, await codes(short ? 5 : 60));
    const fifty: number[] = [];
    for (let n = 0; n < (short ? 1 : 4); n++) fifty.push(...(await atOnce(ways.signIn, await codes(50))));
    const expiry = await throughExpiry(emulator, ways.signIn, await codes(short ? 10 : 400));
    // Against the upstream's median: what is slow in it by accident counts as ours.
    const share = (of: number[], by: number[], p: number) => round(percentile(of, p) - median(by), 1);
    const own = share(times.signIn, times.calls, 0.5);
    return [
      atMost('sign-in at 20/s: own time beyond DingTalk’s answers, p50', own, ' ms', 5),
      atMost(
        'sign-in at 20/s: own time beyond DingTalk’s answers, p99',
        share(times.signIn, times.calls, 0.99),
        ' ms',
        25,
      ),
      {
        what: 'sign-in at 20/s: own time over that of a bare handler, p50',
        value: round(own / median(times.bare), 1),
        unit: ' ×',
      },
      { what: 'sign-in at 20/s: whole, p50 / p99', value: both(times.signIn), unit: ' ms' },
      { what: 'the same two calls by themselves, p50 / p99', value: both(times.calls), unit: ' ms' },
      { what: 'a bare handler, p50 / p99', value: both(times.bare), unit: ' ms' },
      exactly('DingTalk calls of a sign-in', round(made.signIn / times.signIn.length), 2),
      { what: 'sign-in with a fresh mirror: whole, p50 / p99', value: both(times.mirror), unit: ' ms' },
      {
        what: 'sign-in with a fresh mirror: own time beyond its one call, p50',
        value: share(times.mirror, times.exchange, 0.5),
        unit: ' ms',
      },
      { what: 'one after the other: whole, p50 / p99', value: both(single), unit: ' ms' },
      { what: '50 at once: whole, p50 / p99', value: both(fifty), unit: ' ms' },
      { what: 'through the token’s expiry at 20/s, p50 / p99', value: both(expiry.times), unit: ' ms' },
      exactly('through the token’s expiry: failures', expiry.failures, 0),
      { what: 'through the token’s expiry: tokens fetched', value: expiry.tokens, unit: '' },
    ];
  } finally {
    await Promise.all([app.close(), withMirror.close(), site.close()]);
    emulator.close();
    for (const folder of [dataDir!, mirrorDir!]) rmSync(folder, { recursive: true, force: true });
  }
}

function both(times: number[]): string {
  return `${round(percentile(times, 0.5), 1)} / ${round(percentile(times, 0.99), 1)}`;
}

type Way = (code: string) => Promise<void>;
type Codes = (count: number) => Promise<string[]>;

/** Codes of one person after another, made before they are needed: making them is not what is measured. */
function codesOf(emulator: EmulatorProcess, people: Person[]): Codes {
  let next = 0;
  return (count) =>
    Promise.all(Array.from({ length: count }, () => codeFor(emulator, people[next++ % people.length]!)));
}

async function tokenOf({ url, clientId, clientSecret }: EmulatorProcess): Promise<string> {
  const answer = await ask(`${url}/v1.0/oauth2/accessToken`, { appKey: clientId, appSecret: clientSecret });
  return (JSON.parse(answer) as { accessToken: string }).accessToken;
}

async function callsOf(emulator: EmulatorProcess): Promise<number> {
  return ((await emulator.control('calls')) as { total: number }).total;
}

const agent = new Agent({ keepAlive: true });

/** By hand: `fetch` would take longer than what is measured. A body makes it a POST of JSON. */
function ask(url: string, body?: object, headers: Record<string, string> = {}): Promise<string> {
  const text = body && JSON.stringify(body);
  const sent = text
    ? { ...headers, 'content-type': 'application/json', 'content-length': text.length }
    : headers;
  return new Promise((resolve, reject) => {
    request(url, { agent, method: text ? 'POST' : 'GET', headers: sent }, (answer) => {
      let said = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        said += chunk;
      });
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve(said);
        else reject(new Error(`answered ${answer.statusCode}: ${said}`));
      });
    })
      .once('error', reject)
      .end(text);
  });
}

async function signIn({ url }: AppProcess, code: string): Promise<void> {
  await ask(`${url}/api/session`, { code }, { origin: url });
}

async function call({ url }: EmulatorProcess, token: string, path: string, body: object) {
  const answer = JSON.parse(await ask(`${url}${path}?access_token=${token}`, body));
  return answer.result as { userid: string };
}

function exchange(emulator: EmulatorProcess, token: string, code: string): Promise<{ userid: string }> {
  return call(emulator, token, '/topapi/v2/user/getuserinfo', { code });
}

async function bothCalls(emulator: EmulatorProcess, token: string, code: string): Promise<void> {
  const { userid } = await exchange(emulator, token, code);
  await call(emulator, token, '/topapi/v2/user/get', { userid });
}

/** @returns how long each took, in ms, and how many calls DingTalk got meanwhile, by way */
async function measureInTurns<Name extends string>(
  emulator: EmulatorProcess,
  ways: Record<Name, Way>,
  { codes, short }: { codes: Codes; short: boolean },
): Promise<{ times: Record<Name, number[]>; made: Record<Name, number> }> {
  const names = Object.keys(ways) as Name[];
  const each = <T>(first: () => T) =>
    Object.fromEntries(names.map((name) => [name, first()])) as Record<Name, T>;
  const times = each((): number[] => []);
  const made = each(() => 0);
  for (let turn = 0; turn < (short ? 1 : 4); turn++) {
    for (const name of names) {
      await atRate(ways[name], await codes(short ? 1 : LEAD_IN));
      const some = await codes(short ? 3 : TURN - LEAD_IN);
      const before = await callsOf(emulator);
      times[name].push(...(await atRate(ways[name], some)));
      made[name] += (await callsOf(emulator)) - before;
    }
  }
  return { times, made };
}

/** At a fixed rate, however long each takes. @returns how long each took, in ms */
async function atRate(way: Way, codes: string[], onFailure?: () => void): Promise<number[]> {
  const started = performance.now();
  const runs: Promise<number>[] = [];
  for (const [n, code] of codes.entries()) {
    await delay(started + (n * 1000) / RATE - performance.now());
    runs.push(timed(way, code, onFailure));
  }
  return Promise.all(runs);
}

async function timed(way: Way, code: string, onFailure?: () => void): Promise<number> {
  const started = performance.now();
  try {
    await way(code);
  } catch (error) {
    if (!onFailure) throw error;
    onFailure();
  }
  return performance.now() - started;
}

async function oneByOne(way: Way, codes: string[]): Promise<number[]> {
  const times: number[] = [];
  for (const code of codes) times.push(await timed(way, code));
  return times;
}

function atOnce(way: Way, codes: string[]): Promise<number[]> {
  return Promise.all(codes.map((code) => timed(way, code)));
}

/** Tokens of three seconds: each of several expires while people sign in. */
async function throughExpiry(emulator: EmulatorProcess, way: Way, codes: string[]) {
  await emulator.control('settings', { tokenLifeSeconds: 3 });
  await emulator.control('tokens/revoke', {});
  const fetched = async () =>
    ((await emulator.control('calls')) as { byEndpoint: Record<string, number> }).byEndpoint[
      '/v1.0/oauth2/accessToken'
    ] ?? 0;
  const before = await fetched();
  let failures = 0;
  const times = await atRate(way, codes, () => failures++);
  return { times, failures, tokens: (await fetched()) - before };
}
