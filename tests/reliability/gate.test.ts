import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, memoryMb } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { describeTimes, printFigures, span } from '../support/figures';
import { HostVisitor } from '../support/gate';
import { signedIn } from '../support/http-session';
import { createCaller, crowd, pace, percentile } from '../support/load';
import { freePort } from '../support/port';
import { CALLBACK_ENV, subscribe } from '../support/staff';

vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 300_000 });

const HOSTS = ['wiki.example.com', 'team.example.com'];
const PER_SECOND = 1000;
const SECONDS = span(4, 600);
const MEMBERS = span(24, 300);
const LEAVERS = span(8, 150);
/** One cookie in so many is shown on the other host. Prime, so that nobody is asked about there only. */
const REPLAYED_EVERY = 19;
/** An answer that began before the dismissal may still come; after this the event has been acknowledged long ago. */
const KNOWN_MS = 5000;

let emulator: Emulator;
let app: App;
let gateUrl: string;

/** A member with a session on each host. */
interface Subject {
  userid: string;
  cookies: string[];
  firedAt?: number;
  refusedAt?: number;
}

beforeAll(async () => {
  emulator = await startEmulator({ members: MEMBERS * 2, departments: 5, enforceQps: false });
  const folder = mkdtempSync(join(tmpdir(), 'gate-reliability-'));
  const rules = join(folder, 'access.jsonc');
  writeFileSync(rules, JSON.stringify(HOSTS.map((host) => ({ at: `${host}/*`, for: ['everybody'] }))));
  const port = await freePort();
  gateUrl = `http://127.0.0.1:${port}`;
  app = await startDirectoryApp({
    emulator,
    origin: 'https://app.example.com',
    env: {
      ...CALLBACK_ENV,
      ACCESS_FILE: rules,
      GATE_LISTEN: `127.0.0.1:${port}`,
      GATE_HOSTS: HOSTS.join(','),
      DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: 'error',
    },
  });
  await subscribe(emulator, app);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

async function subjectOf(userid: string): Promise<Subject> {
  const main = await signedIn(app, emulator, userid);
  const cookies: string[] = [];
  for (const host of HOSTS) {
    const browser = new HostVisitor({ url: gateUrl, app }, host);
    await browser.signIn(main);
    cookies.push(`__Host-dingpass-host=${browser.cookies.get('__Host-dingpass-host')}`);
  }
  return { userid, cookies };
}

/** What is wrong with an answer, if anything. @param host and cookie by their places: they may be of different hosts */
function wrongness(
  subject: Subject,
  {
    status,
    user,
    isOwnHost,
    askedAt,
  }: { status: number; user: unknown; isOwnHost: boolean; askedAt: number },
): string | undefined {
  if (!isOwnHost) return status === 401 ? undefined : `${status} on another host`;
  const { firedAt, refusedAt, userid } = subject;
  if (status === 200 && user !== userid) return `${userid} was called ${user}`;
  if (firedAt === undefined) return status === 200 ? undefined : `${status} for a member`;
  if (status === 401) {
    subject.refusedAt ??= performance.now();
    return undefined;
  }
  if (status !== 200) return `${status} for a leaver`;
  if (refusedAt !== undefined && askedAt > refusedAt) return 'let in again';
  return askedAt - firedAt > KNOWN_MS ? 'a leaver let in' : undefined;
}

test('a thousand verdicts a second while people leave: none is wrong, and memory stays where it is', async () => {
  const people = emulator.company.people.filter(({ active }) => active).slice(0, MEMBERS);
  await untilRead(await signedIn(app, emulator, people[0]!.userid));
  const subjects = await crowd({ count: people.length, atOnce: 8 }, (index) =>
    subjectOf(people[index]!.userid),
  );
  const caller = createCaller({ url: gateUrl, origin: '' }, 32);
  const wrong: string[] = [];
  const memory: number[] = [];
  const count = SECONDS * PER_SECOND;
  const leaveEvery = Math.floor((count * 0.8) / LEAVERS);
  await pace({ count, perSecond: PER_SECOND }, async (index) => {
    const leaver = index % leaveEvery === 0 ? subjects[index / leaveEvery] : undefined;
    if (leaver && index / leaveEvery < LEAVERS) {
      leaver.firedAt = performance.now();
      emulator.control.fire(leaver.userid);
    }
    if (index % (count / 20) === 0) memory.push(memoryMb(app));
    const subject = subjects[(index * 7) % subjects.length]!;
    const host = index % 2;
    const isOwnHost = index % REPLAYED_EVERY !== 0;
    const cookie = subject.cookies[isOwnHost ? host : 1 - host]!;
    const askedAt = performance.now();
    const { status, headers } = await caller.ask('/.dingpass/verify/forward-auth', {
      headers: {
        cookie,
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': HOSTS[host]!,
        'x-forwarded-uri': `/page/${index % 50}`,
      },
    });
    const problem = wrongness(subject, { status, user: headers['remote-user'], isOwnHost, askedAt });
    if (problem) wrong.push(problem);
  });
  caller.close();
  const gone = subjects.filter(({ firedAt }) => firedAt !== undefined);
  const times = gone.map(({ firedAt = 0, refusedAt = Number.POSITIVE_INFINITY }) => refusedAt - firedAt);
  const [settled = 0, last = 0] = [memory[Math.floor(memory.length / 4)], memory.at(-1)];
  printFigures('Gate: verdicts with leavers', {
    verdicts: count,
    leavers: gone.length,
    'dismissed → refused': describeTimes(times),
    'memory at a quarter, at the end (MB)': `${Math.round(settled)}, ${Math.round(last)}`,
  });
  expect([wrong.length, wrong.slice(0, 5)]).toEqual([0, []]);
  expect(gone.length).toBe(LEAVERS);
  expect(percentile(times, 0.99)).toBeLessThanOrEqual(2000);
  // The heap is bounded by the start command: what grows past this is not garbage.
  expect(last - settled).toBeLessThanOrEqual(span(60, 30));
});
