import { readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { signedIn } from '../support/http-session';
import { send } from '../support/raw-request';

/** Bodies and queries of every shape, and bodies that break off, at every endpoint of the built app. */

let emulator: Emulator;
let app: App;
let cookie: string;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 20 });
  const { userid } = emulator.company.people.find(({ active }) => active)!;
  app = await startApp({ emulator, env: { TRUSTED_PROXY_HOPS: '1', ADMIN_USER_IDS: userid } });
  cookie = (await signedIn(app, emulator, userid)).cookieHeader();
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const ENDPOINTS = readdirSync('app/api', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('/route.ts'))
  .map((path) => `/api/${path.slice(0, -'/route.ts'.length)}`);

const NAMES = ['code', 'authCode', 'corpId', 'next', 'state', 'person', 'all', 'id', 'session', 'q', 'day'];
const name = fc.oneof(
  fc.constantFrom(...NAMES, '__proto__', 'constructor', 'toString', 'hasOwnProperty'),
  fc.string(),
);
/** Any JSON, in texts that no serializer writes too. */
const json = fc.oneof(
  fc.json(),
  fc.constantFrom(
    ...['', ' ', '1e999', '-0', '9'.repeat(400), 'NaN', '\ufeff{}', '{"code":"a","code":{}}', '"\\ud800"'],
    ...['[', '{"code":'].map((open) => open.repeat(4000)),
    `${'['.repeat(4000)}${']'.repeat(4000)}`,
  ),
  fc
    .array(fc.tuple(name, fc.jsonValue()), { maxLength: 6 })
    .map(
      (pairs) => `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
    ),
);
const query = fc.oneof(
  fc
    .array(fc.tuple(name, fc.string({ unit: 'binary' })), { maxLength: 8 })
    .map((pairs) => new URLSearchParams(pairs.map(([key, value]) => [key, value])).toString()),
  fc.constantFrom('%', '%zz=%ff', '&&&', '=', 'next=//x&next=/y', 'q[]=1&q[a]=2', 'code=%00', 'q=%F0%9F'),
);

interface Answer {
  status: number;
  text: string;
  isReused: boolean;
  isLast: boolean;
}

function ask(agent: Agent, method: string, path: string, type: string, body = ''): Promise<Answer> {
  const { hostname, port } = new URL(app.url);
  const headers: Record<string, string> = { cookie, origin: app.origin, 'x-forwarded-for': '192.0.2.1' };
  // Node frames no body of a DELETE by itself.
  if (method !== 'GET')
    Object.assign(headers, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) });
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, agent, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      incoming.once('end', () => {
        const { statusCode: status = 0, headers } = incoming;
        resolve({ status, text, isReused: outgoing.reusedSocket, isLast: headers.connection === 'close' });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(method === 'GET' ? undefined : body);
  });
}

test.each(ENDPOINTS)(
  '%s: whatever is sent, the answer is no fault, JSON where refused, and the connection stays',
  async (endpoint) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const types = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain');
    const methods = fc.constantFrom('GET', 'POST', 'POST', 'DELETE', 'PATCH');
    const segment = fc.oneof(fc.string(), fc.constantFrom('1', '-1', '__proto__', '9'.repeat(40), '%00'));
    let isOpen = false;
    try {
      await fc.assert(
        fc.asyncProperty(methods, segment, query, types, json, async (method, part, search, type, body) => {
          const path = endpoint.replace(/\[[^\]]+\]/, encodeURIComponent(part) || 'x');
          const answer = await ask(agent, method, `${path}?${search}`, type, body);
          const shown = `${method} ${path}?${search} ${body.slice(0, 200)}\n${answer.text.slice(0, 300)}`;
          expect(answer.status, shown).not.toBe(500);
          // People come back from DingTalk to this one: they get a page.
          if (method === 'GET' && endpoint === '/api/oauth/callback')
            expect(answer.text, shown).toMatch(/^(<!doctype html>|$)/);
          else if (answer.status >= 400 && endpoint !== '/api/ready')
            expect(JSON.parse(answer.text), shown).toMatchObject({
              error: { code: expect.stringMatching(/^[A-Z_]+$/) },
            });
          if (isOpen) expect(answer.isReused, shown).toBe(true);
          isOpen = !answer.isLast;
        }),
        { numRuns: 30, endOnFailure: true },
      );
    } finally {
      agent.destroy();
    }
    expect(app.output()).not.toContain('"outcome":"internal"');
  },
);

/** Sends what is there of a request, and breaks off. */
function breakOff(text: string, how: 'end' | 'reset'): Promise<void> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(text, () => {
        if (how === 'end') socket.end();
        else setTimeout(() => socket.resetAndDestroy(), 10);
      });
    });
    socket.resume().on('error', () => undefined);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('close', () => resolve());
  });
}

test('a body that breaks off leaves lines of the log only, wherever it was sent', async () => {
  const bodies = [
    'transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n',
    'transfer-encoding: chunked\r\n\r\n5\r\n{"cod\r\nzz\r\n',
    'transfer-encoding: chunked\r\n\r\nff\r\n{"cod',
    'content-length: 500\r\n\r\n{"cod',
    'expect: 100-continue\r\ncontent-length: 500\r\n\r\n',
  ];
  const places = [
    '/',
    '/login/instant',
    '/denied',
    '/directory/export.csv',
    '/brand/icon.svg',
    '/_next/x',
    '/api/session',
  ];
  const head = `HTTP/1.1\r\nhost: x\r\norigin: ${app.origin}\r\ncontent-type: application/json\r\n`;
  const broken = ['POST', 'GET', 'PURGE'].flatMap((method) =>
    places.flatMap((place) => bodies.map((body) => `${method} ${place} ${head}${body}`)),
  );
  await Promise.all(broken.flatMap((text) => [breakOff(text, 'end'), breakOff(text, 'reset')]));
  expect((await send(app, { path: '/api/health' })).status).toBe(200);
  const lines = app
    .output()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('✓ Running next.config'));
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
  expect(lines.join('\n')).not.toMatch(/uncaught|unhandledRejection|"outcome":"internal"/);
});
