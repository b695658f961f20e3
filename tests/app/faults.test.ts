import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@/lib/dingtalk/client';
import { createTransport, TransportError } from '@/lib/dingtalk/transport';
import { exchangeCode } from '@/lib/dingtalk/users';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { createLanes, type Lanes } from '../support/app-pool';
import { type Certificate, createAuthority } from '../support/certificates';
import { entries, plainEntries } from '../support/fault-corpus';
import { toEntry, v1, variants } from '../support/fault-variants';
import { isLong } from '../support/figures';
import { Visitor } from '../support/http-session';
import { arm, type Entry, judge, play, TOKEN, USERINFO } from '../support/sign-in-scene';

const shown = new Set<string>();

let lanes: Lanes;
beforeAll(async () => {
  lanes = await createLanes(2);
});
afterAll(() => lanes.close());

// ── The corpus ────────────────────────────────────────────────────────────────────────────────────────────────────

/** All of them in process: tests/lib/auth/sign-in-fault-corpus.test.ts. Here, of each class and kind the first; in the long form, all. */
const overHttp = plainEntries.filter(
  (entry, at) => isLong || plainEntries.findIndex((first) => kindOf(first) === kindOf(entry)) === at,
);
function kindOf(entry: Entry): string {
  return `${entry.class}: ${entry.fault.kind}`;
}
const find = (id: string) => {
  shown.add(id);
  return entries.find((entry) => entry.id === id)!;
};

describe.concurrent('the app has its token, and then', () => {
  test.each(overHttp.map((entry) => [entry.id, entry.endpoint, entry.name, entry] as const))(
    '%s (%s: %s)',
    { timeout: 60_000 },
    async (_id, _endpoint, _name, entry) => {
      await lanes.run(async (lane) => {
        arm(lane, entry);
        const [scene] = await play(lane);
        judge(entry, scene!);
      });
    },
  );

  test('UF-013 (any: stale keep-alive socket closed by peer)', { timeout: 60_000 }, async () => {
    const entry = find('UF-013');
    await lanes.run(async (lane) => {
      for (const idleMs of [0, entry.fault.idleMs]) {
        lane.emulator.control.fault({
          endpoint: 'any',
          times: 'always',
          fault: { ...entry.fault, idleMs } as FaultInput,
        });
        judge(entry, (await play(lane))[0]!);
        await delay(Number(idleMs));
        lane.emulator.control.clearFaults();
        judge(entry, (await play(lane))[0]!);
      }
    });
  });

  test('UF-094 (any: token revoked upstream in mid-flight, 50 sign-ins waiting)', async () => {
    const entry = find('UF-094');
    await lanes.run(async (lane) => {
      lane.emulator.control.settings({ latencyMs: 100 });
      arm(lane, entry);
      const scenes = await play(lane, { signIns: Number(entry.fault.concurrent) });
      expect(scenes).toHaveLength(50);
      for (const scene of scenes) judge(entry, scene);
      expect(scenes[0]!.calls[TOKEN]).toBe(1);
    });
  });

  test('UF-095 (token: slow old refresh finishes after a newer one)', { timeout: 60_000 }, async () => {
    const entry = find('UF-095');
    await lanes.run(async (lane) => {
      const { control } = lane.emulator;
      const fetches = () => control.calls().byEndpoint[TOKEN]!;
      // A short-lived token, so that a renewal in the background meets the fetch of somebody whose token was refused.
      control.settings({ tokenLifeSeconds: 5 });
      control.revokeTokens();
      judge(entry, (await play(lane))[0]!);
      control.settings({ tokenLifeSeconds: 7200 });
      control.fault({
        endpoint: 'token',
        fault: { kind: 'reorderRefresh', holdMs: 10_000 } as FaultInput,
        times: 2,
      });
      const before = fetches();
      // In the last second of its life, a sign-in sets off the renewal, which is held up; then the old token dies.
      while (fetches() === before) {
        const code = control.mintCode(lane.emulator.company.people[2]!.userid);
        expect((await new Visitor(lane.app).post('/api/session', { code })).status).toBe(200);
        await delay(100);
      }
      control.revokeTokens();
      judge(entry, (await play(lane))[0]!);
      // The newer token stayed: the next ones need no other.
      await delay(200);
      for (let person = 0; person < 3; person++) judge(entry, (await play(lane))[0]!);
      expect(fetches() - before).toBe(2);
    });
  });

  test('UF-096 (token: server clock jumps +3 h, then back)', { timeout: 60_000 }, async () => {
    const entry = find('UF-096');
    await lanes.run(async (lane) => {
      const { control } = lane.emulator;
      const before = control.calls().byEndpoint[TOKEN]!;
      arm(lane, { ...entry, times: 1 });
      // This person's code dies of the jump; the page then brings a fresh one.
      const code = control.mintCode(lane.emulator.company.people[2]!.userid);
      expect((await new Visitor(lane.app).post('/api/session', { code })).json.error.code).toBe(
        'CODE_INVALID',
      );
      judge(entry, (await play(lane))[0]!);
      control.advanceClock(-1000 * Number(entry.fault.seconds));
      judge(entry, (await play(lane))[0]!);
      expect(control.calls().byEndpoint[TOKEN]! - before).toBeLessThanOrEqual(2);
    });
  });
});

describe.concurrent('the app never had a token, and', () => {
  // One of the network and one of DingTalk's answers; the others in tests/lib/auth/sign-in-faults.test.ts.
  const everything = plainEntries.filter(({ id }) => id === 'UF-007' || id === 'UF-050');
  test.each(everything.map((entry) => [entry.id, entry.name, entry] as const))(
    '%s (%s)',
    { timeout: 60_000 },
    async (_id, _name, entry) => {
      await withEmulator(async (emulator) => {
        emulator.control.fault({
          endpoint: 'any',
          times: 'always',
          fault: entry.fault as FaultInput,
        });
        const app = await startApp({ emulator });
        try {
          const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
          const started = performance.now();
          const answer = await new Visitor(app).post('/api/session', { code });
          // The boot's own attempt is not this person's.
          judge(entry, { answer, ms: performance.now() - started, calls: {}, log: '' });
          expect(app.output()).not.toContain(emulator.clientSecret);
          expect(app.process.exitCode).toBeNull();
          expect((await new Visitor(app).ask('/api/health')).status).toBe(200);
        } finally {
          await app.close();
        }
      });
    },
  );
});

// ── More of the same classes ──────────────────────────────────────────────────────────────────────────────────────

/** One of each class; all of them are shown in tests/lib/auth/sign-in-faults.test.ts, without a built app. */
const REPRESENTATIVES = new Set([
  'userinfo: half an answer, in chunks',
  'userdetail: half an answer in chunks, once',
  'userinfo: HTTP 502 with a page',
  'userinfo: HTTP 429',
  'userdetail: a record of 2 MB, good but for its size',
  'userinfo: 40078',
  'userinfo: somebody else, whose record it is not',
  'userdetail: somebody not active',
  'userdetail: 90020',
  'userdetail: 99999, which nobody knows',
]);

describe.concurrent('and so it is when', () => {
  const representatives = variants.filter(([endpoint, name]) => REPRESENTATIVES.has(`${endpoint}: ${name}`));
  test.each(representatives)('%s: %s', { timeout: 60_000 }, async (...variant) => {
    const entry = toEntry(variant);
    await lanes.run(async (lane) => {
      arm(lane, entry);
      judge(entry, (await play(lane))[0]!);
    });
  });

  test('the representatives are those', () => expect(representatives).toHaveLength(REPRESENTATIVES.size));

  test('a nameless member is called by their userid, and one with a name of 4000 by its beginning', async () => {
    await lanes.run(async (lane) => {
      const userid = lane.emulator.company.people[1]!.userid;
      lane.emulator.control.fault({
        endpoint: 'userdetail',
        fault: { kind: 'patch', unset: ['result.name'] },
      });
      expect((await play(lane))[0]!.answer.json.member.name).toBe(userid);
      lane.emulator.control.fault({
        endpoint: 'userdetail',
        fault: { kind: 'patch', set: { 'result.name': { repeat: '汉', count: 4000 } } },
      });
      expect((await play(lane))[0]!.answer.json.member.name).toBe('汉'.repeat(64));
    });
  });

  test('not a byte reaches the server that a redirect points to', { timeout: 60_000 }, async () => {
    let connections = 0;
    const trap = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/steal`;
    for (const endpoint of ['token', 'userinfo', 'userdetail'] as const) {
      for (const status of [302, 307]) {
        await lanes.run(async (lane) => {
          arm(lane, { endpoint, fault: { kind: 'redirect', status, location }, times: 'always' });
          expect((await play(lane))[0]!.answer.status).toBe(503);
        });
      }
    }
    expect(connections).toBe(0);
    await new Promise((resolve) => trap.close(resolve));
  });

  test('a code whose exchange got no answer is not sent again, not even when the person brings it again', async () => {
    await lanes.run(async ({ emulator, app }) => {
      const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
      emulator.control.fault({ endpoint: 'userinfo', fault: { kind: 'delayHeaders', ms: 3500 } });
      const before = emulator.control.calls().byEndpoint[USERINFO] ?? 0;
      expect((await new Visitor(app).post('/api/session', { code })).status).toBe(503);
      const again = await new Visitor(app).post('/api/session', { code });
      expect(again.json.error.code).toBe('CODE_INVALID');
      expect(emulator.control.calls().byEndpoint[USERINFO]! - before).toBe(1);
    });
  });

  test('a code that was turned away unread is as good as before', async () => {
    await lanes.run(async ({ emulator, app }) => {
      const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
      emulator.control.fault({ endpoint: 'userinfo', fault: { kind: 'errcode', errcode: 90002 } });
      expect((await new Visitor(app).post('/api/session', { code })).json.error.code).toBe('UPSTREAM_BUSY');
      expect((await new Visitor(app).post('/api/session', { code })).status).toBe(200);
    });
  });

  test('wrong credentials are asked about once in five seconds, however many people tap', async () => {
    await lanes.run(async (lane) => {
      arm(lane, { endpoint: 'token', fault: v1(400, 'invalidClientIdOrSecret'), times: 'always' });
      const before = lane.emulator.control.calls().byEndpoint[TOKEN]!;
      const scenes = await play(lane, { signIns: 20 });
      expect(new Set(scenes.map(({ answer }) => answer.json.error.code))).toEqual(
        new Set(['APP_MISCONFIGURED']),
      );
      for (let asked = 0; asked < 20; asked++) await new Visitor(lane.app).ask('/api/ready');
      expect(lane.emulator.control.calls().byEndpoint[TOKEN]! - before).toBe(1);
    });
  });

  test('a token fetch that was throttled is not repeated at the pace of strangers who ask for readiness', async () => {
    await lanes.run(async (lane) => {
      arm(lane, {
        endpoint: 'token',
        fault: v1(403, 'Forbidden.AccessDenied.QpsLimitForApi'),
        times: 'always',
      });
      await play(lane);
      const before = lane.emulator.control.calls().byEndpoint[TOKEN]!;
      const started = performance.now();
      for (let asked = 0; asked < 50; asked++) await new Visitor(lane.app).ask('/api/ready');
      const seconds = (performance.now() - started) / 1000;
      const calls = lane.emulator.control.calls().byEndpoint[TOKEN]! - before;
      expect(calls).toBeLessThanOrEqual(1 + Math.ceil(seconds));
    });
  });
});

// ── The ways to DingTalk that this emulator cannot show ───────────────────────────────────────────────────────────

async function withEmulator<T>(run: (emulator: Emulator) => Promise<T>): Promise<T> {
  const emulator = await startEmulator({ enforceQps: false });
  try {
    return await run(emulator);
  } finally {
    await emulator.close();
  }
}

/** The way to the emulator that an app has: TLS with a certificate that can be changed, or plain HTTP where TLS is meant. */
async function startFront(emulator: Emulator, certificate: Certificate) {
  let connections = 0;
  let isPlain = false;
  const open = new Set<Socket>();
  const toEmulator = (socket: Socket) => {
    const onward = connect(emulator.port, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  };
  const overTls = createTlsServer(certificate, toEmulator).on('tlsClientError', () => undefined);
  const server = createServer((socket) => {
    connections++;
    open.add(socket.on('close', () => open.delete(socket)));
    if (isPlain) toEmulator(socket);
    else overTls.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    /** From the next connection on, which comes at once. */
    show: (next: Certificate | 'plain HTTP') => {
      isPlain = next === 'plain HTTP';
      if (next !== 'plain HTTP') overTls.setSecureContext(next);
      cut();
    },
    close: () => {
      server.close();
      cut();
    },
  };
}

describe('the way to DingTalk', () => {
  const authority = createAuthority();
  const stranger = createAuthority('nobody trusts this one');
  const good = authority.issue({ host: 'localhost' });
  let folder: string;
  let emulator: Emulator;
  let front: Awaited<ReturnType<typeof startFront>>;
  let app: App;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dingpass-tls-'));
    await writeFile(join(folder, 'authority.pem'), authority.pem);
    emulator = await startEmulator({ enforceQps: false });
    front = await startFront(emulator, good);
    const url = `https://localhost:${front.port}`;
    app = await startApp({
      emulator,
      env: {
        DINGTALK_API_URL: url,
        DINGTALK_OAPI_URL: url,
        NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
      },
    });
  });
  afterAll(async () => {
    await app.close();
    front.close();
    await emulator.close();
    await rm(folder, { recursive: true });
  });

  const past = { from: new Date('2020-01-01'), until: new Date('2021-01-01') };
  const ways: [string, string, Certificate | 'plain HTTP'][] = [
    ['UF-014', 'a certificate that has expired', authority.issue({ host: 'localhost', ...past })],
    ['UF-015', "another host's certificate", authority.issue({ host: 'oapi.example.com' })],
    ['UF-014', 'a certificate of an authority that nobody trusts', stranger.issue({ host: 'localhost' })],
    ['UF-016', 'plain HTTP on the TLS port', 'plain HTTP'],
  ];

  test.each(ways)('%s: %s', async (id, _name, way) => {
    // Over a good way it works, so that the others fail for their own reasons; and it works again. The first may still
    // meet a connection that was cut: an exchange is not sent twice.
    front.show(good);
    const signIn = () => {
      const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
      return new Visitor(app).post('/api/session', { code });
    };
    await expect.poll(async () => (await signIn()).status, { timeout: 10_000 }).toBe(200);
    front.show(way);
    const entry = find(id);
    const connectionsBefore = front.connections();
    const callsBefore = emulator.control.calls().byEndpoint[USERINFO] ?? 0;
    const started = performance.now();
    const answer = await signIn();
    judge(entry, { answer, ms: performance.now() - started, calls: {}, log: '' });
    expect(front.connections() - connectionsBefore).toBeLessThanOrEqual(
      entry.expect.maxUpstreamCallsThisEndpoint,
    );
    expect(emulator.control.calls().byEndpoint[USERINFO] ?? 0).toBe(callsBefore);
    expect(app.output()).not.toContain(emulator.clientSecret);
    expect(app.process.exitCode).toBeNull();
  });

  // The name server is the system's, so this one is shown one floor below: a transport whose first look-up fails.
  test('UF-005: a name that does not resolve for a moment', async () => {
    const entry = find('UF-005');
    const line = createTransport();
    let lookups = 0;
    const client = createClient({
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      apiUrl: emulator.url,
      oapiUrl: emulator.url,
      transport: async (request) => {
        if (request.url.pathname === USERINFO && ++lookups === 1)
          throw new TransportError('EAI_AGAIN', false);
        return line(request);
      },
    });
    const { userid } = emulator.company.people[0]!;
    expect(await exchangeCode(client, emulator.control.mintCode(userid))).toMatchObject({ userId: userid });
    expect(lookups).toBeLessThanOrEqual(entry.expect.maxUpstreamCallsThisEndpoint);
  });
});

test('every entry of the corpus that takes a scene of its own was shown', () => {
  const own = entries.filter((entry) => !plainEntries.includes(entry)).map(({ id }) => id);
  expect(own.filter((id) => !shown.has(id))).toEqual([]);
});
