import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { DirectoryEvent } from '../../../../lib/dingtalk/event';
import { parseFrame } from '../../../../lib/dingtalk/stream/frame';
import { type Stream, type StreamOptions, startStream } from '../../../../lib/dingtalk/stream/stream';
import type { StreamLine } from '../../../../lib/dingtalk/stream/stream-state';
import { createVirtualGateway, type GatewayFault } from '../../../support/virtual-gateway';
import { createVirtualTime } from '../../../support/virtual-time';

const MINUTE = 60_000;
/** A fault is over for us so soon after it is over. */
const BACK_WITHIN_MS = 5000;

let stream: Stream | undefined;
let wind: (ms: number) => Promise<void> = async () => undefined;
afterEach(async () => {
  const closing = stream?.close();
  await wind(5000);
  await closing;
  stream = undefined;
});

function begin(options: Partial<StreamOptions> = {}) {
  const time = createVirtualTime();
  const gateway = createVirtualGateway(time);
  const seen: string[] = [];
  const lines: StreamLine[] = [];
  stream = startStream({
    client: gateway.client,
    apiUrl: 'http://api.test',
    onEvent: async ({ id }) => void seen.push(id),
    log: (line) => lines.push(line),
    now: time.now,
    timers: time.timers,
    openSocket: gateway.openSocket,
    random: () => 1,
    ...options,
  });
  wind = time.advance;
  return { time, gateway, seen, lines, stream };
}

const random = (seed: number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
};

describe('on a connection', () => {
  test('an event is passed on and acknowledged when it is durable, not before', async () => {
    let isDurable = () => {};
    const { time, gateway } = begin({ onEvent: () => new Promise<void>((resolve) => (isDurable = resolve)) });
    await time.advance(100);
    gateway.emit('e1');
    await time.advance(1000);
    expect(gateway.acks).toEqual([]);
    isDurable();
    await time.advance(100);
    expect(gateway.acks).toEqual([
      {
        code: 200,
        message: 'OK',
        headers: { messageId: 'e1', contentType: 'application/json' },
        data: '{"status":"SUCCESS","message":"SUCCESS"}',
      },
    ]);
  });

  test('an event whose effect failed is told to come later, and does', async () => {
    let isDown = true;
    const seen: string[] = [];
    const { time, gateway, lines } = begin({
      onEvent: async ({ id }) => {
        if (isDown) throw new Error('secret of the store');
        seen.push(id);
      },
    });
    await time.advance(100);
    gateway.emit('e1');
    await time.advance(1000);
    expect(JSON.parse(gateway.acks[0]!.data!)).toEqual({ status: 'LATER', message: 'LATER' });
    // The gateway does not hear why, and whoever runs this does.
    expect(lines.filter(({ event }) => event === 'stream-later')).toMatchObject([
      { eventId: 'e1', err: { message: 'secret of the store' } },
    ]);
    isDown = false;
    await time.advance(2 * MINUTE);
    expect(seen).toEqual(['e1']);
    expect(gateway.waiting()).toBe(0);
  });

  test('a ping is answered with its own data', async () => {
    const { time, gateway } = begin();
    await time.advance(100);
    gateway.say('SYSTEM', { topic: 'ping', messageId: 'm1' }, { opaque: 'abc' });
    await time.advance(100);
    expect(gateway.acks).toMatchObject([
      { code: 200, headers: { messageId: 'm1' }, data: '{"opaque":"abc"}' },
    ]);
  });

  test('events of unknown kinds are passed on, acknowledged and counted; duplicates too', async () => {
    const { time, gateway, stream } = begin();
    await time.advance(100);
    const headers = { topic: '*', messageId: 'm1', eventType: 'bpms_task_change', eventId: 'e1' };
    gateway.say('EVENT', headers, { any: 'thing' });
    gateway.say('EVENT', headers, { any: 'thing' });
    await time.advance(100);
    expect(gateway.acks.map(({ data }) => JSON.parse(data!).status)).toEqual(['SUCCESS', 'SUCCESS']);
    expect(stream.state()).toMatchObject({ status: 'connected', events: 2, unknownEvents: 2 });
  });

  test('what was not subscribed to is refused, what is in no protocol is counted, and both do no harm', async () => {
    const { time, gateway, stream } = begin();
    await time.advance(100);
    gateway.say('CALLBACK', { topic: '/v1.0/im/bot/messages/get', messageId: 'm1' }, {});
    for (const odd of [
      '',
      'null',
      '[]',
      '{',
      '{"type":1}',
      '{"type":"EVENT","headers":{}}',
      '{"type":"EVENT","headers":null}',
    ]) {
      gateway.raw(odd);
    }
    for (const topic of ['CONNECTED', 'REGISTERED', 'KEEPALIVE', 'news'])
      gateway.say('SYSTEM', { topic }, {});
    await time.advance(100);
    expect(gateway.acks).toMatchObject([{ code: 404, headers: { messageId: 'm1' } }]);
    expect(stream.state()).toMatchObject({ status: 'connected', oddFrames: 8, connections: 1 });
  });

  test.each([[{ userId: ['u1'] }], [null], [[]], [7]])(
    'an event whose data is %j, and no text, is acknowledged, not sent again for ever',
    async (data) => {
      const events: DirectoryEvent[] = [];
      const { time, gateway, stream } = begin({ onEvent: async (event) => void events.push(event) });
      await time.advance(100);
      const headers = { messageId: 'm1', eventType: 'user_leave_org', eventId: 'e1' };
      gateway.raw(JSON.stringify({ type: 'EVENT', headers, data }));
      await time.advance(100);
      expect(gateway.acks).toMatchObject([{ code: 200, headers: { messageId: 'm1' } }]);
      expect(events).toMatchObject([{ id: 'e1', userIds: (data as { userId?: string[] })?.userId ?? [] }]);
      expect(stream.state().oddFrames).toBe(0);
    },
  );

  test('an event with data that is no JSON still counts, by its headers', async () => {
    const { time, gateway, seen } = begin();
    await time.advance(100);
    const headers = { messageId: 'm1', eventType: 'org_change', eventId: 'e1' };
    gateway.raw(JSON.stringify({ type: 'EVENT', headers, data: '{' }));
    await time.advance(100);
    expect(seen).toEqual(['e1']);
  });

  test('it stands for hours while pings are answered and frames come', async () => {
    const { time, gateway } = begin();
    for (let minute = 0; minute < 120; minute += 1) {
      gateway.say('SYSTEM', { topic: 'ping', messageId: 'm' }, {});
      await time.advance(MINUTE);
    }
    expect(gateway.opened()).toBe(1);
  });
});

describe('asked to leave', () => {
  test('it acknowledges what is under way, then comes again with a new ticket', async () => {
    let isDurable = () => {};
    const { time, gateway } = begin({ onEvent: () => new Promise<void>((resolve) => (isDurable = resolve)) });
    await time.advance(20_000);
    gateway.emit('e1');
    await time.advance(10);
    gateway.say('SYSTEM', { topic: 'disconnect', messageId: 'm' }, { reason: 'connection is expired' });
    await time.advance(1000);
    expect(gateway.opened()).toBe(1);
    isDurable();
    await time.advance(1000);
    expect(gateway.acks).toHaveLength(1);
    expect(gateway.opened()).toBe(2);
    expect(gateway.peak()).toBe(1);
  });

  test('what never becomes durable does not hold it back', async () => {
    const { time, gateway } = begin({ onEvent: () => new Promise(() => {}) });
    await time.advance(20_000);
    gateway.emit('e1');
    gateway.say('SYSTEM', { topic: 'disconnect', messageId: 'm' }, {});
    await time.advance(3000);
    expect(gateway.opened()).toBe(2);
    expect(gateway.peak()).toBe(1);
  });
});

const passing: GatewayFault[] = [
  'killed',
  'silent',
  'half-open',
  'no-ticket',
  'ticket-hangs',
  'handshake-hangs',
  'ticket-expired',
];

describe.each(passing)('%s', (fault) => {
  test.each([0, 700, 1900, 3300, 20_000, 300_000])('for %i ms: back within 5 s of its end', async (ms) => {
    const { time, gateway, seen } = begin();
    await time.advance(30_000);
    gateway.setFault(fault);
    if (/ticket|handshake/.test(fault)) gateway.drop();
    gateway.emit('during');
    await time.advance(ms);
    gateway.setFault(undefined);
    await time.advance(BACK_WITHIN_MS);
    expect(gateway.isServing()).toBe(true);
    expect(gateway.peak()).toBe(1);
    await time.advance(2 * MINUTE);
    expect(seen).toContain('during');
    expect(gateway.waiting()).toBe(0);
  });
});

test('whatever comes on a connection, it is read without harm', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        type: fc.oneof(fc.constantFrom('SYSTEM', 'EVENT', 'CALLBACK'), fc.jsonValue()),
        headers: fc.oneof(
          fc.dictionary(fc.constantFrom('topic', 'messageId', 'eventType', 'eventId'), fc.jsonValue()),
          fc.jsonValue(),
        ),
        data: fc.oneof(fc.json(), fc.jsonValue()),
      })
      .map((frame) => JSON.stringify(frame)),
  );
  fc.assert(fc.property(text, (frame) => void expect(parseFrame(frame).kind).toMatch(/^[a-z]+$/)));
});

test('a connection that answers pings and never brings a frame is replaced after ten minutes', async () => {
  const { time, gateway, seen } = begin();
  await time.advance(1000);
  gateway.setFault('mute');
  gateway.emit('e1');
  await time.advance(9 * MINUTE);
  gateway.setFault(undefined);
  expect(gateway.opened()).toBe(1);
  await time.advance(2 * MINUTE);
  expect(gateway.opened()).toBe(2);
  expect(seen).toEqual(['e1']);
});

test('an answer of DingTalk’s that does not pass soon is asked for again ever more seldom', async () => {
  const { time, gateway, lines, stream } = begin();
  gateway.setFault('credentials-refused');
  await time.advance(10 * MINUTE);
  expect(stream.state().attempts).toBeLessThan(30);
  expect(lines).toEqual([{ event: 'stream-lost', reason: 'invalidClientIdOrSecret', attempts: 1 }]);
  gateway.setFault(undefined);
  await time.advance(31_000);
  expect(stream.state().status).toBe('connected');
});

test('the log tells of a loss and of the way back once each, and knows no ticket and no secret', async () => {
  const { time, gateway, lines } = begin();
  await time.advance(20_000);
  gateway.setFault('killed');
  await time.advance(MINUTE);
  gateway.setFault(undefined);
  await time.advance(5000);
  expect(lines.map(({ event, reason }) => [event, reason])).toEqual([
    ['stream-connected', undefined],
    ['stream-lost', 'ECONNRESET'],
    ['stream-lost', 'ECONNREFUSED'],
    ['stream-connected', undefined],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/ticket|secret/);
});

test.each(['wss://gateway.test/connect', 'ws://gateway.test/connect', 'http://gateway.test/', 'nonsense'])(
  'with an encrypted API, a connection to %s is encrypted or is not made',
  async (endpoint) => {
    const opened: string[] = [];
    const time = createVirtualTime();
    wind = time.advance;
    const { client } = createVirtualGateway(time);
    stream = startStream({
      client: { ...client, call: async ({ schema }) => schema.parse({ endpoint, ticket: 'a+b c' }) },
      apiUrl: 'https://api.test',
      onEvent: async () => undefined,
      timers: time.timers,
      now: time.now,
      openSocket: (url) => {
        opened.push(url.href);
        return { send() {}, ping() {}, close() {}, terminate() {} };
      },
    });
    await time.advance(100);
    const isFine = endpoint.startsWith('wss:');
    expect(opened).toEqual(isFine ? ['wss://gateway.test/connect?ticket=a%2Bb+c'] : []);
  },
);

describe('closing', () => {
  test.each<[string, GatewayFault | undefined, number]>([
    ['while connected', undefined, 5000],
    ['while it waits for a ticket', 'ticket-hangs', 1000],
    ['in the handshake', 'handshake-hangs', 1000],
    ['in a pause', 'killed', 1100],
    ['while silent', 'silent', 2000],
    ['at once', undefined, 0],
  ])('%s leaves no socket and no timer behind', async (_, fault, ms) => {
    const { time, gateway, stream } = begin();
    gateway.setFault(fault);
    await time.advance(ms);
    const closing = stream.close();
    await time.advance(1000);
    await closing;
    const opened = gateway.opened();
    gateway.setFault(undefined);
    await time.advance(MINUTE);
    expect([gateway.opened(), gateway.isServing(), stream.state().status]).toEqual([opened, false, 'closed']);
    // The gateway's own beat.
    expect(time.pending()).toBe(1);
  });

  test('what is under way is acknowledged first', async () => {
    const { time, gateway, stream } = begin({
      onEvent: () => new Promise((done) => time.timers.set(() => done(1), 300)),
    });
    await time.advance(100);
    gateway.emit('e1');
    await time.advance(10);
    const closing = stream.close();
    await time.advance(2000);
    await closing;
    expect(gateway.waiting()).toBe(0);
  });
});

test.each([1, 2, 3])(
  'an hour of faults, seed %i: no event lost, back within 5 s, one connection',
  async (seed) => {
    const chance = random(seed);
    const seen = new Set<string>();
    const { time, gateway } = begin({
      random: chance,
      onEvent: async ({ id }) => {
        if (chance() < 0.05) throw new Error('the store is down for a moment');
        seen.add(id);
      },
    });
    await time.advance(1000);
    let emitted = 0;
    const emitFor = async (ms: number) => {
      for (let left = ms; left > 0; left -= 400) {
        if (chance() < 0.3) {
          emitted += 1;
          gateway.emit(`e${emitted}`);
        }
        await time.advance(Math.min(left, 400));
      }
    };
    while (time.now() < 60 * MINUTE) {
      await emitFor(chance() * 20_000);
      const kind = passing[Math.floor(chance() * passing.length)]!;
      gateway.setFault(kind);
      if (chance() < 0.5) gateway.drop();
      if (chance() < 0.2) gateway.say('SYSTEM', { topic: 'disconnect', messageId: 'm' }, {});
      await emitFor(chance() * (chance() < 0.2 ? 2 * MINUTE : 8000));
      gateway.setFault(undefined);
      await emitFor(BACK_WITHIN_MS);
      expect(gateway.isServing(), `${kind} at ${time.now()}`).toBe(true);
    }
    await time.advance(5 * MINUTE);
    expect(emitted).toBeGreaterThan(1000);
    expect(seen.size).toBe(emitted);
    expect(gateway.peak()).toBe(1);
  },
);

test.each(['[', '{"a":'])(
  'a frame that is nested 20,000 deep (%s) is malformed, and nothing is thrown',
  (open) => {
    const close = open === '[' ? ']' : '}';
    const deep = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
    for (const frame of [
      deep,
      `{"type":"SYSTEM","headers":{"topic":"ping","messageId":"m"},"data":${deep}}`,
      `{"type":"EVENT","headers":{"messageId":"m","eventType":"user_leave_org"},"data":${deep}}`,
      JSON.stringify({ type: 'EVENT', headers: { messageId: 'm', eventType: 'x' }, data: deep }),
      `{"type":"EVENT","headers":{"messageId":"m","userId":${deep}},"data":""}`,
    ]) {
      expect(() => parseFrame(frame)).not.toThrow();
    }
  },
);
