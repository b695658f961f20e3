import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peopleOf, readDirectory } from './company';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atLeast, atMost, exactly, type Figure, median, round, spreadOf } from './figure';
import { type GateProcess, startGateProcess } from './gate-process';
import { type RawLoadProcess, startRawLoad } from './raw-load';

const HOSTS = Array.from({ length: 6 }, (_, index) => `h${index}.example.com`);
const RULES = 1000;
const CONNECTIONS = 16;
const COLD_PER_SECOND = 50;
const FULL = {
  people: 2000,
  rounds: 15,
  ms: 500,
  unseen: 1000,
  unseenRounds: 5,
  besideMs: 3000,
  besideRounds: 7,
  warmPerSecond: 500,
};
const SHORT = {
  people: 20,
  rounds: 1,
  ms: 80,
  unseen: 10,
  unseenRounds: 1,
  besideMs: 200,
  besideRounds: 1,
  warmPerSecond: 100,
};
type Size = typeof FULL;

/** What the gate's verdict costs, beside a server of Node.js's own that does nothing: in one process, in turn. */
export async function benchGate({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  const size = short ? SHORT : FULL;
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const emulator = await startEmulatorProcess({
    members: Math.ceil(size.people * 1.2) + 20,
    departments: 40,
    seed: 1,
  });
  const load = startRawLoad();
  try {
    const people = (await peopleOf(emulator, size.people)).map(({ userid }) => userid);
    const dataDir = mkdtempSync(join(folder, 'data-'));
    const env = await settings(emulator, folder, dataDir);
    await readDirectory(emulator, dataDir);
    const cookies = await using(env.few, (gate) => gate.cookies(people, HOSTS));
    const requests = cookies.map((cookie, index) => question(cookie, HOSTS[index % HOSTS.length] ?? ''));
    const few = await using(env.few, async (gate) => {
      const course = { gate, load, size, requests };
      return [
        ...(await cold(course)),
        ...(await warm('one rule a host', 0.45, course)),
        ...(await many(course)),
      ];
    });
    const ruled = await using(env.many, (gate) =>
      warm(`${RULES} rules`, 0.33, { gate, load, size, requests }),
    );
    return [...few, ...ruled];
  } finally {
    load.close();
    emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function settings(emulator: EmulatorProcess, folder: string, dataDir: string) {
  const { corpId } = (await emulator.control('company')) as { corpId: string };
  const own = HOSTS.map((host) => ({ at: `${host}/*`, for: ['everybody'] }));
  const others = Array.from({ length: RULES - own.length }, (_, index) => ({
    at: `${HOSTS[index % HOSTS.length]}/area${index % 40}/page${index}/*`,
    for: [`person:p${index}`, 'everybody', 'not:person:x'],
  }));
  const file = (name: string, rules: object[]) => {
    writeFileSync(join(folder, name), JSON.stringify(rules));
    return join(folder, name);
  };
  const common = {
    DINGTALK_CORP_ID: corpId,
    DINGTALK_CLIENT_ID: emulator.clientId,
    DINGTALK_CLIENT_SECRET: emulator.clientSecret,
    DINGTALK_API_URL: emulator.url,
    DINGTALK_OAPI_URL: emulator.url,
    DINGTALK_LOGIN_URL: emulator.url,
    PUBLIC_ORIGIN: 'https://door.example.com',
    SESSION_KEYS: `bench:${'0123456789abcdef'.repeat(4)}`,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    GATE_LISTEN: '127.0.0.1:0',
    GATE_HOSTS: HOSTS.join(','),
  };
  return {
    few: { ...common, ACCESS_FILE: file('few.jsonc', own) },
    many: { ...common, ACCESS_FILE: file('many.jsonc', [...own, ...others]) },
  };
}

async function using<T>(env: Record<string, string>, action: (gate: GateProcess) => Promise<T>): Promise<T> {
  const gate = await startGateProcess(env);
  try {
    return await action(gate);
  } finally {
    await gate.close();
  }
}

/** As Traefik and Caddy ask: with what a browser sends. */
function question(cookie: string, host: string): string {
  return [
    'GET /.dingpass/verify/forward-auth HTTP/1.1',
    'Host: 127.0.0.1:4180',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Accept: text/html,application/xhtml+xml,*/*;q=0.8',
    'Accept-Language: zh-CN,zh;q=0.9,en;q=0.8',
    'Sec-Fetch-Mode: navigate',
    'Sec-Fetch-Site: same-origin',
    'X-Forwarded-Method: GET',
    'X-Forwarded-Proto: https',
    `X-Forwarded-Host: ${host}`,
    'X-Forwarded-Uri: /wiki/page?id=1',
    `Cookie: theme=dark; ${cookie}`,
    '\r\n',
  ].join('\r\n');
}

interface Course {
  gate: GateProcess;
  load: RawLoadProcess;
  size: Size;
  requests: readonly string[];
}

/** In each round, the gate's speed by the bare server's; the other one first the next time. */
async function ratios(
  { gate, load, size }: Course,
  requests: readonly string[],
  rounds: number,
  ms: number | 'each-once',
) {
  const values: number[] = [];
  let failures = 0;
  for (let number = 0; number < rounds; number++) {
    const speeds: Record<'gate' | 'bare', number> = { gate: 0, bare: 0 };
    for (const which of number % 2 ? (['gate', 'bare'] as const) : (['bare', 'gate'] as const)) {
      const asked =
        ms === 'each-once' ? requests.slice(number * size.unseen, (number + 1) * size.unseen) : requests;
      const until = which === 'bare' && ms === 'each-once' ? size.ms : ms;
      const result = await load.run({
        port: gate[which].port,
        requests: asked,
        connections: CONNECTIONS,
        until,
      });
      speeds[which] = result.requests / result.seconds;
      failures += result.failures;
    }
    values.push(speeds.gate / speeds.bare);
  }
  return { values, failures };
}

async function warm(what: string, least: number, course: Course): Promise<Figure[]> {
  const one = course.requests.slice(0, 1);
  await course.load.run({
    port: course.gate.gate.port,
    requests: one,
    connections: CONNECTIONS,
    until: 2 * course.size.ms,
  });
  await course.load.run({
    port: course.gate.bare.port,
    requests: one,
    connections: CONNECTIONS,
    until: 2 * course.size.ms,
  });
  const { values, failures } = await ratios(course, one, course.size.rounds, course.size.ms);
  return [
    {
      ...atLeast(`verdict, ${what}`, round(median(values)), '', least),
      spread: spreadOf(values),
      ratioTo: 'a bare node:http server',
    },
    exactly(`verdict, ${what}: answers other than 200`, failures, 0),
  ];
}

/** Cookies that this process has not seen: their seals have to be opened. */
async function cold(course: Course): Promise<Figure[]> {
  const { size, load } = course;
  // The code itself is cold at first, too.
  const first = course.requests.slice(0, size.unseen);
  await load.run({
    port: course.gate.gate.port,
    requests: first,
    connections: CONNECTIONS,
    until: 'each-once',
  });
  const requests = course.requests.slice(size.unseen);
  const { values, failures } = await ratios(course, requests, size.unseenRounds, 'each-once');
  const rest = requests.slice(size.unseen * size.unseenRounds);
  const disturbed = await besideUnseen(course, requests.slice(0, 50), rest);
  return [
    {
      ...atLeast('verdict, cookies never seen before', round(median(values), 3), '', 0.045),
      spread: spreadOf(values, 3),
      ratioTo: 'a bare node:http server',
    },
    exactly('verdict, cookies never seen before: answers other than 200', failures, 0),
    { what: 'verdict, warm, p99', value: round(median(disturbed.alone)), unit: ' ms' },
    {
      ...atMost(
        `verdict, warm, beside ${COLD_PER_SECOND} never seen a second, p99`,
        round(median(disturbed.ratios)),
        ' ×',
        2,
      ),
      spread: spreadOf(disturbed.ratios),
    },
  ];
}

/** p99 of the warm ones, in ms: without others, and in each round by that without others. */
async function besideUnseen({ gate, size }: Course, seen: readonly string[], unseen: readonly string[]) {
  const loads = [startRawLoad(), startRawLoad()] as const;
  const { port } = gate.gate;
  const warm = { port, requests: seen, connections: 8, until: size.besideMs, perSecond: size.warmPerSecond };
  const each = Math.ceil((COLD_PER_SECOND * size.besideMs) / 1000);
  const alone: number[] = [];
  const ratios: number[] = [];
  try {
    // The generators have started, and these cookies have been seen.
    for (const one of loads) await one.run({ port, requests: seen, connections: 8, until: 'each-once' });
    for (let number = 0; number < size.besideRounds; number++) {
      const { p99 } = await loads[0].run(warm);
      const others = unseen.slice(number * each, (number + 1) * each);
      const cold = { port, requests: others, connections: 4, perSecond: COLD_PER_SECOND };
      const [disturbed] = await Promise.all([
        loads[0].run(warm),
        loads[1].run({ ...cold, until: 'each-once' }),
      ]);
      alone.push(p99);
      ratios.push(disturbed.p99 / p99);
    }
    return { alone, ratios };
  } finally {
    for (const one of loads) one.close();
  }
}

/** Every cookie of the company, once to be opened and once more. */
async function many({ gate, load, requests }: Course): Promise<Figure[]> {
  const all = { port: gate.gate.port, requests, connections: CONNECTIONS, until: 'each-once' as const };
  const first = await load.run(all);
  const before = await gate.opened();
  const second = await load.run(all);
  const openings = (await gate.opened()) - before;
  return [
    atLeast(
      `${requests.length} cookies on ${HOSTS.length} hosts, not opened again`,
      round(1 - openings / requests.length, 3),
      '',
      0.99,
    ),
    exactly(`${requests.length} cookies: answers other than 200`, first.failures + second.failures, 0),
    {
      what: `${requests.length} cookies in turn, warm`,
      value: Math.round(second.requests / second.seconds),
      unit: ' /s',
    },
  ];
}
