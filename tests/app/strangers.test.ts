import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, linesWith, startApp } from '../support/app';
import { isLong } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { shapesOn } from '../support/malformed-request-shapes';
import {
  deliver,
  descriptors,
  memoryMb,
  packets,
  processorMs,
  ROUTES,
  sampleOf,
} from '../support/malformed-requests';
import { send } from '../support/raw-request';

vi.setConfig({ testTimeout: isLong ? 900_000 : 120_000 });

/** What somebody else may wait for one packet of a stranger. */
const MAX_WAIT_MS = 250;

let emulator: Emulator;
let app: App;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  app = await startApp({ emulator });
  // What is loaded when it is first needed is no stranger's doing.
  for (const packet of sampleOf(packets(), 30)) await deliver(app, packet);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

/** Sends bytes on a connection of its own. @returns all that came until it ended, or fell silent */
function exchange(bytes: string, silentMs = 1500): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const statuses = (text: string) =>
  [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));

// First: those lines are counted, and the packets below use them up.
test('what is answered before any handler leaves a line', async () => {
  await send(app, { path: '/api/session?seen', method: 'PROPFIND' });
  const [line] = await linesWith(app, '"api-unhandled"');
  expect(JSON.parse(line!)).toMatchObject({ level: 'warn', method: 'PROPFIND', path: '/api/session' });
  expect(line).not.toContain('seen');
});

test('no packet of any shape, in any place, on any route holds others up, and none is a fault', async () => {
  const wrong: object[] = [];
  for (const packet of sampleOf(packets(), isLong ? 6000 : 250)) {
    const before = processorMs(app);
    const line = await deliver(app, packet);
    const ms = processorMs(app) - before;
    const isFault = line === '' ? !/pipeline/.test(packet.name) : / 500 /.test(line);
    if (ms > MAX_WAIT_MS || isFault) wrong.push({ name: packet.name, ms, line });
  }
  expect(wrong).toEqual([]);
  expect(app.output()).not.toContain('"outcome":"internal"');
});

test('a thousand of them leave no socket behind, and no memory', async () => {
  const all = sampleOf(packets(), 2000);
  const [first, second] = [all.filter((_, at) => at % 2 === 0), all.filter((_, at) => at % 2 === 1)];
  const rounds = isLong ? [first, second, first] : [sampleOf(first, 150)];
  for (const packet of rounds[0]!) await deliver(app, packet);
  const before = { sockets: descriptors(app), memory: memoryMb(app) };
  for (const round of rounds.slice(1)) for (const packet of round) await deliver(app, packet);
  await vi.waitFor(() => expect(descriptors(app)).toBeLessThanOrEqual(before.sockets + 2), 5000);
  expect(memoryMb(app) - before.memory).toBeLessThan(50);
});

describe('an offer of another protocol', () => {
  const offers = ['websocket', 'h2c', 'foo/2, bar', 'TLS/1.0', ''];
  const paths = ['/login', '/api/health', '/nothing/x', '/_next/webpack-hmr', '/brand/icon.svg'];
  const offer = (path: string, protocol: string) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`;

  test('is ignored: the answer is the one without it', async () => {
    for (const path of paths) {
      const plain = (await send(app, { path })).status;
      for (const protocol of offers) {
        const text = await exchange(offer(path, protocol));
        expect({ path, protocol, statuses: statuses(text) }).toEqual({ path, protocol, statuses: [plain] });
      }
    }
  });

  test('leaves no socket behind', async () => {
    const before = descriptors(app);
    for (let n = 0; n < 60; n++) {
      await Promise.all(
        paths.map((path) => deliver(app, { name: path, bytes: Buffer.from(offer(path, 'websocket')) })),
      );
    }
    await vi.waitFor(() => expect(descriptors(app)).toBeLessThanOrEqual(before + 2), 5000);
  });
});

describe('many requests on one connection', () => {
  const one = 'GET /login HTTP/1.1\r\nHost: x\r\n\r\n';

  test('some are answered in order', async () => {
    const last = 'GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const text = await exchange(one.repeat(20) + last, 10_000);
    expect(statuses(text)).toEqual([...Array(20).fill(200), 200]);
    expect(text.lastIndexOf('{"status":"ok"}')).toBeGreaterThan(text.lastIndexOf('</html>'));
  });

  test('20,000 cost neither memory nor the others’ time', async () => {
    const before = { memory: memoryMb(app), cpu: processorMs(app) };
    let isOver = false;
    const flood = exchange(one.repeat(20_000), 20_000).finally(() => {
      isOver = true;
    });
    const waits: number[] = [];
    while (!isOver) {
      const began = performance.now();
      expect((await send(app, { path: '/api/health' })).status).toBe(200);
      waits.push(performance.now() - began);
      await delay(20);
    }
    expect(statuses(await flood).length).toBeLessThan(100);
    expect(processorMs(app) - before.cpu).toBeLessThan(5000);
    expect(memoryMb(app) - before.memory).toBeLessThan(150);
  });

  test('one after another, without haste, there may be any number', async () => {
    const { hostname, port } = new URL(app.url);
    const answered = await new Promise<number>((resolve) => {
      let count = 0;
      const ask = () => socket.write('GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n');
      const socket = connect(Number(port), hostname, ask);
      socket.on('data', (chunk) => {
        const answers = statuses(chunk.toString('latin1')).length;
        count += answers;
        if (count === 300) socket.destroy();
        else if (answers > 0) ask();
      });
      socket.on('close', () => resolve(count));
    });
    expect(answered).toBe(300);
  });
});

test('more parameters than any page has are refused, on every kind of route, in a sentence', async () => {
  for (const path of ['/', '/login', '/api/session', '/nothing', '/brand/icon.svg']) {
    const answer = await send(app, {
      path: `${path}?${'a&'.repeat(5000)}`,
      headers: { 'accept-language': 'en' },
    });
    expect([path, answer.status, answer.json?.error.code]).toEqual([path, 400, 'BAD_REQUEST']);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  }
});

test('a router state that is none is not an error of ours', async () => {
  const visitor = await signedIn(app, emulator, emulator.company.people[0]!.userid);
  const from = app.output().length;
  for (const state of ['x', '[]', '%', '["",{"a":'.repeat(1000)]) {
    for (const path of ['/', '/me', '/login', '/nothing']) {
      for (const cookie of ['', visitor.cookieHeader()]) {
        const headers = { rsc: '1', 'next-router-state-tree': state, ...(cookie ? { cookie } : {}) };
        expect((await send(app, { path, headers })).status).toBeLessThan(500);
      }
    }
  }
  expect(app.output().slice(from)).not.toMatch(/"level":"error"|Error:/);
});

test('a cookie of a page of one’s own reaches it, and odd ones beside it do no harm', async () => {
  const visitor = await signedIn(app, emulator, emulator.company.people[0]!.userid);
  const header = `theme=dark; odd="a b"; ${visitor.cookieHeader()}; x=a${' '.repeat(3000)}b`;
  expect((await send(app, { path: '/api/session', headers: { cookie: header } })).status).toBe(200);
  expect((await send(app, { path: '/me', headers: { cookie: header } })).status).toBe(200);
});

describe('addresses of the API', () => {
  test('with a slash too many are answered as without', async () => {
    for (const [path, status] of [
      ['/api/health', 200],
      ['/api/session', 401],
      ['/api/oauth/start', 302],
      ['/api/oauth/callback', 401],
      ['/api/nothing', 404],
    ] as const) {
      for (const spelled of [
        path,
        `${path}/`,
        `/${path}`,
        `${path}//`,
        path.replace('/api/', '/api//'),
        `//${path}//?x=1`,
      ]) {
        expect([spelled, (await send(app, { path: spelled })).status]).toEqual([spelled, status]);
      }
    }
    const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    for (const path of ['/api/dingtalk/events', '/api/dingtalk/events/', '//api/dingtalk/events'])
      expect([path, (await send(app, { ...post, path })).status]).toEqual([path, 404]);
  });

  test('no slash leads anywhere else', async () => {
    const sent = [
      '//evil.example/api/',
      '//evil.example//',
      '/\\evil.example/',
      '///evil.example',
      '//evil.example/%2f..',
    ];
    for (const path of [...sent, ...sent.map((path) => `http://evil.example${path}`)]) {
      const { headers } = await send(app, { path });
      const location = new URL(headers.location ?? '/', app.url);
      expect([path, location.origin]).toEqual([path, app.url]);
    }
  });
});

test.each(['gzip', 'br', 'deflate', 'x-unknown', 'gzip, identity'])(
  'a body that says it is %s is 415, and says what is taken',
  async (encoding) => {
    const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
    const before = emulator.control.calls().total;
    const answer = await new Visitor(app).post('/api/session', { code }, { 'content-encoding': encoding });
    expect([answer.status, answer.json.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(answer.headers.get('accept-encoding')).toBe('identity');
    expect(emulator.control.calls().total).toBe(before);
    const plain = await new Visitor(app).post('/api/session', { code }, { 'content-encoding': 'identity' });
    expect(plain.status).toBe(200);
  },
);

test('no other site may hold our windows or load from here', async () => {
  const script = /\/_next\/static\/[\w./~-]+\.js/.exec((await send(app, { path: '/login' })).text)![0];
  for (const path of [
    '/',
    '/login',
    '/nothing',
    '/api/health',
    '/api/session',
    '/brand/icon.svg',
    script,
    '/me/',
  ]) {
    const { headers } = await send(app, { path });
    expect([path, headers['cross-origin-opener-policy'], headers['cross-origin-resource-policy']]).toEqual([
      path,
      'same-origin',
      'same-origin',
    ]);
  }
});

// Last: the lines about what Next answers by itself are bounded in a minute, and these packets use them up.
test('nor does a packet of an odd framing, list, method or target, measured by what a second visitor waits', async () => {
  const wrong: object[] = [];
  const shapes = shapesOn(ROUTES.slice(0, 6));
  for (const packet of isLong ? shapes : sampleOf(shapes, 120)) {
    const delivered = deliver(app, packet, 1000);
    const began = performance.now();
    const others = await send(app, { path: '/api/health' });
    const ms = performance.now() - began;
    const line = await delivered;
    if (ms > MAX_WAIT_MS || others.status !== 200 || / 500 /.test(line))
      wrong.push({ name: packet.name, ms, line });
  }
  expect(wrong).toEqual([]);
});
