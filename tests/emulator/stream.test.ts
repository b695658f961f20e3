import axios from 'axios';
import { DWClient } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { DirectoryEvent } from '../../lib/dingtalk/event';
import { type Stream, type StreamOptions, startStream } from '../../lib/dingtalk/stream/stream';
import { createLine } from '../support/dingtalk-client';
import { postJson, request } from './dingtalk-calls';

let emulator: Emulator;
let stream: Stream | undefined;
beforeEach(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterEach(async () => {
  await stream?.close();
  stream = undefined;
  await emulator.close();
});

const OPEN = '/v1.0/gateway/connections/open';
const events = () => emulator.control.events;
const within5s = { timeout: 5000, interval: 20 };

async function listen(options: Partial<StreamOptions> = {}) {
  const seen: DirectoryEvent[] = [];
  const onEvent = async (event: DirectoryEvent) => void seen.push(event);
  const { client } = createLine(emulator);
  stream = startStream({ client, apiUrl: emulator.url, onEvent, ...options });
  const mine = stream;
  await connected();
  return { seen, stream: mine };
}

const connected = () => vi.waitFor(() => expect(stream!.state().status).toBe('connected'), within5s);
const leave = (userid: string) => events().emit({ type: 'user_leave_org', userIds: [userid] });
const hears = (seen: DirectoryEvent[], ...ids: string[]) =>
  vi.waitFor(
    () => expect([...new Set(seen.flatMap(({ userIds }) => userIds))].sort()).toEqual(ids.sort()),
    within5s,
  );
const settled = () => vi.waitFor(() => expect(events().stream().waiting).toBe(0), within5s);

const open = (more = {}) =>
  postJson(`${emulator.url}${OPEN}`, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    subscriptions: [{ type: 'EVENT', topic: '*' }],
    ...more,
  });

/** Connects by hand. @returns `open`, or the status of the refusal */
const knock = (endpoint: string, ticket: string) =>
  new Promise<string>((resolve) => {
    const socket = new WebSocket(`${endpoint}?ticket=${ticket}`);
    socket.on('open', () => {
      socket.close();
      resolve('open');
    });
    socket.on('unexpected-response', (_, { statusCode }) => resolve(String(statusCode)));
    socket.on('error', () => {});
  });

describe('the gateway', () => {
  test('a ticket is good once, for 90 s', async () => {
    const { endpoint, ticket } = (await open()).json;
    expect(endpoint).toBe(`ws://127.0.0.1:${emulator.port}/v1.0/gateway/connect`);
    expect(await knock(endpoint, ticket)).toBe('open');
    expect(await knock(endpoint, ticket)).toBe('401');
    expect(await knock(endpoint, 'invented')).toBe('401');
    const late = (await open()).json;
    emulator.control.advanceClock(90_001);
    expect(await knock(late.endpoint, late.ticket)).toBe('401');
  });

  test('wrong credentials and missing fields get no ticket', async () => {
    expect(await open({ clientSecret: 'x' })).toMatchObject({ status: 401, json: { code: 'authFailed' } });
    expect(await open({ clientId: undefined })).toMatchObject({
      status: 400,
      json: { code: 'MissingclientId' },
    });
    expect((await open({ subscriptions: [] })).status).toBe(400);
  });

  test('it greets nobody unless told to, and says goodbye in the words that were captured', async () => {
    const listenTo = async () => {
      const { endpoint, ticket } = (await open()).json;
      const socket = new WebSocket(`${endpoint}?ticket=${ticket}`);
      const frames: { headers: { topic: string }; data: string }[] = [];
      socket.on('message', (text) => frames.push(JSON.parse(String(text))));
      await new Promise((resolve) => socket.once('open', resolve));
      await vi.waitFor(() => expect(events().stream().connections).toBe(1), within5s);
      events().stream({ act: 'disconnect' });
      await vi.waitFor(() => expect(frames.at(-1)?.headers.topic).toBe('disconnect'), within5s);
      socket.terminate();
      await vi.waitFor(() => expect(events().stream().connections).toBe(0), within5s);
      return frames;
    };
    const quiet = await listenTo();
    expect(quiet.map(({ data }) => data)).toEqual(['{"reason":"persistent connection is timeout"}']);
    events().stream({ greets: true });
    expect((await listenTo()).map(({ headers }) => headers.topic)).toEqual([
      'CONNECTED',
      'REGISTERED',
      'disconnect',
    ]);
  });

  test('tickets can name a second host, which is as good', async () => {
    events().stream({ secondHost: true });
    const { endpoint, ticket } = (await open()).json;
    expect(new URL(endpoint).hostname).toBe('localhost');
    expect(await knock(endpoint, ticket)).toBe('open');
  });

  test('it can be changed and read over HTTP', async () => {
    const at = `${emulator.url}/__emulator/stream`;
    expect((await postJson(at, { mode: 'silent', redeliverAfterMs: 100 })).json).toMatchObject({
      mode: 'silent',
    });
    expect((await request(at)).json).toMatchObject({ mode: 'silent', redeliverAfterMs: 100, connections: 0 });
    expect((await postJson(at, { mode: 'odd' })).status).toBe(400);
  });
});

describe('our stream', () => {
  test('hears what happens to the staff, and acknowledges it', async () => {
    const { seen } = await listen();
    emulator.control.hire({ userid: 'new.person01' });
    emulator.control.fire('new.person01');
    await vi.waitFor(() => expect(seen).toHaveLength(3), within5s);
    expect(seen.map(({ type }) => type)).toEqual(['member-joined', 'member-changed', 'member-left']);
    expect(seen[2]).toMatchObject({ corpId: emulator.corpId, userIds: ['new.person01'] });
    await settled();
    expect(events().stream()).toMatchObject({ sent: 3, acknowledged: 3, later: 0 });
  });

  test.each(['end', 'close-and-stay'] as const)(
    'is back within 5 s of a half-hearted end: %s',
    async (act) => {
      const { seen } = await listen();
      events().stream({ act });
      await vi.waitFor(() => expect(events().stream().opened).toBe(2), within5s);
      await connected();
      leave('somebody');
      await hears(seen, 'somebody');
    },
  );

  test.each([400, 503])('outlives a proxy that answers for the gateway, in HTML with %i', async (status) => {
    events().stream({ secondHost: true });
    emulator.control.fault({ endpoint: OPEN, times: 2, fault: { kind: 'html', status } });
    const { seen } = await listen();
    expect(emulator.control.faults()[0]!.hits).toBe(2);
    leave('somebody');
    await hears(seen, 'somebody');
  });

  test('answers pings', async () => {
    await listen();
    events().stream({ act: 'ping' });
    await vi.waitFor(() => expect(events().stream().pongs).toBe(1), within5s);
  });

  test('what it could not make durable comes again', async () => {
    events().stream({ redeliverAfterMs: 50 });
    const seen: string[] = [];
    let isDown = true;
    await listen({
      onEvent: async ({ id }) => {
        if (isDown) throw new Error('down');
        seen.push(id);
      },
    });
    const { eventId } = leave('u1');
    await vi.waitFor(() => expect(events().stream().later).toBeGreaterThan(1), within5s);
    isDown = false;
    await settled();
    expect(seen).toEqual([eventId]);
  });

  test('asked to leave, it is back with a new ticket, and never twice there', async () => {
    const { seen, stream } = await listen();
    events().stream({ act: 'disconnect' });
    await vi.waitFor(() => expect(stream.state().connections).toBe(2), within5s);
    leave('u1');
    await hears(seen, 'u1');
    await settled();
    expect(events().stream()).toMatchObject({ connections: 1, peak: 1 });
  });

  test('killed: back, and hears what happened meanwhile', async () => {
    const { seen, stream } = await listen();
    events().stream({ act: 'kill' });
    leave('u1');
    await vi.waitFor(() => expect(stream.state().connections).toBe(2), within5s);
    events().stream({ redeliverAfterMs: 50 });
    emulator.control.advanceClock(60_000);
    await hears(seen, 'u1');
    await settled();
  });

  test('half-open: the gateway has forgotten it, and it finds that out', async () => {
    const { seen, stream } = await listen();
    events().stream({ act: 'half-open' });
    leave('u1');
    await vi.waitFor(() => expect(stream.state().connections).toBe(2), within5s);
    await hears(seen, 'u1');
    await settled();
  });

  test('silent: back within 5 s after the gateway speaks again', async () => {
    events().stream({ redeliverAfterMs: 200 });
    const { seen } = await listen();
    events().stream({ mode: 'silent' });
    leave('u1');
    await new Promise((resolve) => setTimeout(resolve, 4500));
    events().stream({ mode: 'normal' });
    await hears(seen, 'u1');
    await settled();
  });

  test('no answer to the handshake, tickets that have expired, no tickets: back within 5 s of the end', async () => {
    const { seen, stream } = await listen();
    let connections = 1;
    for (const [begin, end] of [
      [() => events().stream({ mode: 'unanswered' }), () => events().stream({ mode: 'normal' })],
      [() => events().stream({ ticketLifeMs: 0 }), () => events().stream({ ticketLifeMs: 90_000 })],
      [
        () => emulator.control.fault({ endpoint: OPEN, times: 'always', fault: { kind: 'blackhole' } }),
        () => emulator.control.clearFaults(),
      ],
      [
        () =>
          emulator.control.fault({ endpoint: OPEN, times: 'always', fault: { kind: 'status', status: 503 } }),
        () => emulator.control.clearFaults(),
      ],
    ]) {
      begin!();
      events().stream({ act: 'kill' });
      await new Promise((resolve) => setTimeout(resolve, 1200));
      leave(`u${connections}`);
      end!();
      connections += 1;
      await vi.waitFor(() => expect(stream.state().connections).toBe(connections), within5s);
    }
    await hears(seen, 'u1', 'u2', 'u3', 'u4');
    expect(events().stream().peak).toBe(1);
  });

  test('a gateway that is down keeps no sign-in from DingTalk', async () => {
    const line = createLine(emulator);
    emulator.control.fault({ endpoint: OPEN, times: 'always', fault: { kind: 'hangup' } });
    stream = startStream({ client: line.client, apiUrl: emulator.url, onEvent: async () => undefined });
    await vi.waitFor(() => expect(stream!.state().attempts).toBeGreaterThan(6), 10_000);
    const { userid } = emulator.company.people[0]!;
    expect(await line.signIn(userid)).toMatchObject({ userId: userid });
  });

  test('a thousand leavers at once', async () => {
    const { seen } = await listen();
    for (let index = 0; index < 1000; index += 1) leave(`u${index}`);
    await vi.waitFor(() => expect(seen).toHaveLength(1000), 25_000);
    await settled();
  });

  test('closing it says goodbye', async () => {
    await listen();
    await stream!.close();
    await vi.waitFor(() => expect(events().stream().connections).toBe(0), within5s);
  });
});

describe('the official client', () => {
  let client: DWClient;
  let toEmulator: number;

  beforeEach(() => {
    // Its addresses are constants; it is the HTTP client beneath it that is told another.
    toEmulator = axios.interceptors.request.use((config) => {
      config.url = config.url!.replace('https://api.dingtalk.com', emulator.url);
      return config;
    });
    // It talks to the console of its own accord.
    for (const method of ['info', 'warn', 'error'] as const) vi.spyOn(console, method).mockReturnValue();
    const { clientId, clientSecret } = emulator;
    client = new DWClient({ clientId, clientSecret, keepAlive: true });
  });
  afterEach(() => {
    client.disconnect();
    axios.interceptors.request.eject(toEmulator);
    vi.restoreAllMocks();
  });

  test('connects, is registered, hears events, acknowledges them, and comes back when asked to leave', async () => {
    const seen: { type: string | undefined; data: unknown }[] = [];
    client.registerAllEventListener(({ headers, data }) => {
      seen.push({ type: headers.eventType, data: JSON.parse(data) });
      return { status: 'SUCCESS' as never };
    });
    // A gateway that greets, as that client hopes for; the other test's does not.
    events().stream({ greets: true });
    await client.connect();
    await vi.waitFor(() => expect(client.registered).toBe(true), within5s);
    leave('u1');
    await vi.waitFor(() => expect(seen).toHaveLength(1), within5s);
    expect(seen[0]).toEqual({
      type: 'user_leave_org',
      data: { timeStamp: expect.stringMatching(/^\d{13}$/), userId: ['u1'] },
    });
    await settled();
    events().stream({ act: 'ping' });
    await vi.waitFor(() => expect(events().stream().pongs).toBe(1), within5s);
    events().stream({ act: 'disconnect' });
    emulator.control.advanceClock(10_000);
    await vi.waitFor(() => expect(events().stream().opened).toBe(2), within5s);
    leave('u2');
    await vi.waitFor(() => expect(seen).toHaveLength(2), within5s);
    await settled();
  });

  test('what it puts off comes again', async () => {
    events().stream({ redeliverAfterMs: 50 });
    let attempts = 0;
    client.registerAllEventListener(() => {
      attempts += 1;
      return { status: (attempts < 3 ? 'LATER' : 'SUCCESS') as never };
    });
    await client.connect();
    await vi.waitFor(() => expect(events().stream().connections).toBe(1), within5s);
    leave('u1');
    await settled();
    expect(attempts).toBe(3);
  });
});
