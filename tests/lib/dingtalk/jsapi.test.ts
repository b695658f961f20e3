import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import {
  createJsapiTicket,
  type KeptTicket,
  signedAddress,
  signPage,
  type TicketStore,
} from '../../../lib/dingtalk/jsapi';
import { createLine, failureOf } from '../../support/dingtalk-client';

const TICKETS = '/v1.0/oauth2/jsapiTickets';

describe('the signature of a page', () => {
  const sample = { ticket: 'TICKET123', nonce: 'abc123', timestamp: '1700000000' };

  test.each([
    [
      'https://app.example.com/home?corpid=dingcorp0001&q=%E5%BC%A0%E4%B8%89',
      'e4082fae45ad444a82cd173d632dedc09fd3d06fff35b43aafbd41e2fe1a8208',
      '480c8ba2caab1d32af91681431dcafe7145abe33',
    ],
    [
      'https://app.example.com/home?corpid=dingcorp0001&q=张三#top',
      'e4082fae45ad444a82cd173d632dedc09fd3d06fff35b43aafbd41e2fe1a8208',
      '480c8ba2caab1d32af91681431dcafe7145abe33',
    ],
    [
      'https://app.example.com:8443/a%20b/?x=1%202&y=a%20b',
      '9b1c235ae22ed326fbfd70ae81c173d3b9f332a58793cf3c2f126b50512061c1',
      'b674b3cabef09d31d2cdd4b0cfd0f7297a38fab8',
    ],
  ])('%s, by both digests', (href, sha256, sha1) => {
    const address = signedAddress(href);
    expect(signPage({ ...sample, address, digest: 'sha256' })).toBe(sha256);
    expect(signPage({ ...sample, address, digest: 'sha1' })).toBe(sha1);
  });
});

describe('the ticket', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ enforceQps: false });
  });
  afterAll(() => emulator.close());
  beforeEach(() => emulator.control.reset());
  const fetched = () => emulator.control.calls().byEndpoint[TICKETS] ?? 0;

  test('500 signatures at once on a cold start cost one call, for one ticket', async () => {
    const ticket = createJsapiTicket(createLine(emulator).client);
    const tickets = await Promise.all(Array.from({ length: 500 }, () => ticket.get()));
    expect(new Set(tickets).size).toBe(1);
    expect(fetched()).toBe(1);
    await ticket.get();
    expect(fetched()).toBe(1);
  });

  test('it is told to the log, so that it stays out of it', async () => {
    const seen: string[] = [];
    const ticket = createJsapiTicket(createLine(emulator).client, { onTicket: (value) => seen.push(value) });
    const value = await ticket.get();
    expect(seen).toEqual([value]);
  });

  test('it is kept until it expires, and never beyond a day, whatever DingTalk says of its life', async () => {
    let time = 0;
    let issued = 'day-one';
    const client = {
      call: async () => ({ jsapiTicket: issued, expireIn: 7200 }),
    };
    const ticket = createJsapiTicket(client as never, { now: () => time });
    const HOUR = 3600_000;
    expect(await ticket.get()).toBe('day-one');
    // Asked for often enough, DingTalk gives the same one for a day.
    for (; time < 23.5 * HOUR; time += HOUR / 4) await ticket.get();
    await new Promise(setImmediate);
    issued = 'day-two';
    time = 24 * HOUR;
    expect(await ticket.get()).toBe('day-two');
  });

  describe('shared between processes', () => {
    const HOUR = 3600_000;
    /** Processes of one app, at DingTalk's end of the line. */
    function createWorld() {
      const world = { time: 0, issued: 'one', calls: 0, isStoreDown: false };
      let kept: KeptTicket | undefined;
      const store: TicketStore = {
        load: async () => {
          if (world.isStoreDown) throw new Error('no database');
          return kept;
        },
        save: async (ticket) => {
          if (world.isStoreDown) throw new Error('no database');
          kept = ticket;
        },
      };
      const call = async () => {
        world.calls++;
        return { jsapiTicket: world.issued, expireIn: 7200 };
      };
      const open = () => createJsapiTicket({ call } as never, { now: () => world.time, store });
      return { world, open };
    }

    test('one call is enough for all of them, until it is time for a new one', async () => {
      const { world, open } = createWorld();
      const [first, second] = [open(), open()];
      expect([await first.get(), await second.get(), world.calls]).toEqual(['one', 'one', 1]);
      world.time = 1.7 * HOUR;
      world.issued = 'two';
      expect([await open().get(), world.calls]).toEqual(['two', 2]);
      await second.get();
      await new Promise(setImmediate);
      expect([await second.get(), world.calls]).toEqual(['two', 2]);
    });

    test('the day of a ticket begins with the first process that got it', async () => {
      const { world, open } = createWorld();
      for (; world.time < 23.9 * HOUR; world.time += HOUR / 4) await open().get();
      world.issued = 'two';
      world.time = 24 * HOUR;
      expect(await open().get()).toBe('two');
    });

    test('one that a client refuses is taken from none of them', async () => {
      const { world, open } = createWorld();
      const [first, second] = [open(), open()];
      await Promise.all([first.get(), second.get()]);
      world.issued = 'two';
      expect(await first.renew()).toBe('two');
      const calls = world.calls;
      expect([await second.renew(), world.calls]).toEqual(['two', calls]);
    });

    test('without a database each fetches its own', async () => {
      const { world, open } = createWorld();
      world.isStoreDown = true;
      expect([await open().get(), await open().get(), world.calls]).toEqual(['one', 'one', 2]);
    });
  });

  test('a refused ticket is fetched anew, once a minute however many clients refuse', async () => {
    let time = 0;
    let issued = 'dead';
    let calls = 0;
    const client = {
      call: async () => {
        calls++;
        return { jsapiTicket: issued, expireIn: 7200 };
      },
    };
    const ticket = createJsapiTicket(client as never, { now: () => time });
    expect(await ticket.renew()).toBe('dead');
    issued = 'living';
    const renewed = await Promise.all(Array.from({ length: 20 }, () => ticket.renew()));
    expect([new Set(renewed), calls]).toEqual([new Set(['living']), 2]);
    time += 59_999;
    await ticket.renew();
    expect(calls).toBe(2);
    time += 1;
    await ticket.renew();
    expect(calls).toBe(3);
  });

  test('a ticket that cannot be had is not asked for again at once, and soon after', async () => {
    let time = 0;
    const ticket = createJsapiTicket(createLine(emulator).client, { now: () => time });
    emulator.control.settings({ permissions: [] });
    const failure = await failureOf(ticket.get());
    expect(failure.isPermissionMissing).toBe(true);
    const asked = fetched();
    await Promise.all([failureOf(ticket.get()), failureOf(ticket.get())]);
    expect(fetched()).toBe(asked);
    emulator.control.reset();
    time += 1001;
    expect(await ticket.get()).toEqual(expect.any(String));
  });
});
