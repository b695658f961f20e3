import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AppProcess, startAppProcess } from './app-process';
import { codeFor, type Person, peopleOf } from './company';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atMost, exactly, type Figure, median, percentile, round } from './figure';
import { PEERS_SITE, preparePeers, prepareProduct } from './prepare';

const RATE = 20;
const MEMBERS = 400;
/** What DingTalk needs for an answer. */
const LATENCY_MS = 20;

/**
 * What a sign-in costs beyond the two calls that it makes: against the same two calls made by themselves, and against
 * a bare handler, at the same rate in the same rounds.
 */
export async function benchSignIn({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await Promise.all([prepareProduct(), preparePeers()]);
  const emulator = await startEmulatorProcess({ members: MEMBERS, departments: 12, seed: 1 });
  const dataDir = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const app = await startAppProcess({ emulator, env: { DATA_DIR: dataDir } });
  const site = await startAppProcess({ emulator, directory: PEERS_SITE });
  try {
    await emulator.control('settings', { enforceQps: false, latencyMs: LATENCY_MS });
    const people = await peopleOf(emulator, 200);
    const token = await tokenOf(emulator);
    const nextCode = await codes(emulator, people, short ? 60 : 2500);
    const ways = {
      signIn: async () => signIn(app, await nextCode()),
      upstream: async () => upstream(emulator, token, await nextCode()),
      bare: async () => void (await ask(`${site.url}/api/none`)),
    };
    await atRate(ways.signIn, short ? 5 : 40);
    const times = { signIn: [] as number[], upstream: [] as number[], bare: [] as number[] };
    const before = await callsOf(emulator);
    for (let n = 0; n < (short ? 1 : 8); n++) {
      for (const way of ['bare', 'upstream', 'signIn'] as const) {
        times[way].push(...(await atRate(ways[way], short ? 5 : 80)));
      }
    }
    const calls = ((await callsOf(emulator)) - before) / times.signIn.length - 2;
    const share = (p: number) => round(percentile(times.signIn, p) - percentile(times.upstream, p), 1);
    const single = await oneByOne(ways.signIn, short ? 5 : 60);
    const fifty = await atOnce(ways.signIn, short ? 5 : 50, short ? 1 : 4);
    const expiry = await throughExpiry(emulator, ways.signIn, short);
    return [
      atMost('sign-in at 20/s: our share beyond the upstream, p50', share(0.5), ' ms', 5),
      atMost('sign-in at 20/s: our share beyond the upstream, p99', share(0.99), ' ms', 25),
      {
        what: 'sign-in at 20/s: our share to a bare handler, p50',
        value: round(share(0.5) / median(times.bare), 1),
        unit: ' ×',
      },
      { what: 'sign-in at 20/s: whole, p50 / p99', value: both(times.signIn), unit: ' ms' },
      { what: 'the same two calls by themselves, p50 / p99', value: both(times.upstream), unit: ' ms' },
      { what: 'a bare handler, p50 / p99', value: both(times.bare), unit: ' ms' },
      exactly('upstream calls of a sign-in', round(calls, 2), 2),
      { what: 'one after the other: whole, p50 / p99', value: both(single), unit: ' ms' },
      { what: '50 at once: whole, p50 / p99', value: both(fifty), unit: ' ms' },
      { what: 'through the token’s expiry at 20/s, p50 / p99', value: both(expiry.times), unit: ' ms' },
      exactly('through the token’s expiry: failures', expiry.failures, 0),
      { what: 'through the token’s expiry: tokens fetched', value: expiry.tokens, unit: '' },
    ];
  } finally {
    await Promise.all([app.close(), site.close()]);
    emulator.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function both(times: number[]): string {
  return `${round(percentile(times, 0.5), 1)} / ${round(percentile(times, 0.99), 1)}`;
}

/** Codes are made before they are needed: making them is not what is measured. */
async function codes(emulator: EmulatorProcess, people: Person[], count: number) {
  const ready: string[] = [];
  const fill = async () => {
    for (let n = 0; n < count; n += 20) {
      const some = Array.from({ length: 20 }, (_, i) => codeFor(emulator, people[(n + i) % people.length]!));
      ready.push(...(await Promise.all(some)));
    }
  };
  await fill();
  return async () => {
    if (ready.length === 0) await fill();
    return ready.pop()!;
  };
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

async function upstream({ url }: EmulatorProcess, token: string, code: string): Promise<void> {
  const call = async (path: string, body: object) =>
    JSON.parse(await ask(`${url}${path}?access_token=${token}`, body)).result as { userid: string };
  const { userid } = await call('/topapi/v2/user/getuserinfo', { code });
  await call('/topapi/v2/user/get', { userid });
}

/** At a fixed rate, however long each takes. @returns how long each took, in ms */
async function atRate(action: () => Promise<void>, count: number, onFailure?: () => void): Promise<number[]> {
  const started = performance.now();
  const runs: Promise<number>[] = [];
  for (let n = 0; n < count; n++) {
    await delay(started + (n * 1000) / RATE - performance.now());
    runs.push(timed(action, onFailure));
  }
  return Promise.all(runs);
}

async function timed(action: () => Promise<void>, onFailure?: () => void): Promise<number> {
  const started = performance.now();
  try {
    await action();
  } catch (error) {
    if (!onFailure) throw error;
    onFailure();
  }
  return performance.now() - started;
}

async function oneByOne(action: () => Promise<void>, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) times.push(await timed(action));
  return times;
}

async function atOnce(action: () => Promise<void>, width: number, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < rounds; n++) {
    times.push(...(await Promise.all(Array.from({ length: width }, () => timed(action)))));
  }
  return times;
}

/** Tokens of three seconds: each of several expires while people sign in. */
async function throughExpiry(emulator: EmulatorProcess, action: () => Promise<void>, short: boolean) {
  await emulator.control('settings', { tokenLifeSeconds: 3 });
  await emulator.control('tokens/revoke', {});
  const fetched = async () =>
    ((await emulator.control('calls')) as { byEndpoint: Record<string, number> }).byEndpoint[
      '/v1.0/oauth2/accessToken'
    ] ?? 0;
  const before = await fetched();
  let failures = 0;
  const times = await atRate(action, short ? 10 : 400, () => failures++);
  return { times, failures, tokens: (await fetched()) - before };
}
