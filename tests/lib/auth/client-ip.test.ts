import fc from 'fast-check';
import { expect, test } from 'vitest';
import { networkKey, rateLimitKey } from '@/lib/auth/client-ip';
import { entry } from '../../support/abuse';

const key = (headers: Record<string, string>, hops: number) => rateLimitKey(new Headers(headers), hops);
const direct = (peer: string) => key({ 'x-dingpass-peer': peer }, 0);
const throughProxy = (forwarded: string, hops = 1) =>
  key({ 'x-dingpass-peer': '10.0.0.1', 'x-forwarded-for': forwarded }, hops);

test.each(entry('AB-005').setup.forms as string[])('AB-005: %s is one and the same client', (form) => {
  expect(direct(form)).toBe('127.0.0.1');
  expect(throughProxy(form)).toBe('127.0.0.1');
});

test.each(['[::ffff:127.0.0.1]:5555', '[::ffff:127.0.0.1]', '0:0:0:0:0:FFFF:7F00:0001', ' 127.0.0.1 '])(
  'so is %s',
  (form) => {
    expect(throughProxy(form)).toBe('127.0.0.1');
  },
);

test('all of an IPv6 customer is one client: the /64', () => {
  const forms = [
    '2001:db8:1:2::1',
    '2001:db8:1:2:ffff:ffff:ffff:ffff',
    '[2001:DB8:1:2::9]:443',
    '2001:0db8:0001:0002::',
  ];
  expect(new Set(forms.map((form) => throughProxy(form))).size).toBe(1);
  expect(throughProxy('2001:db8:1:3::1')).not.toBe(throughProxy('2001:db8:1:2::1'));
});

test('any address of one /64 is the same client, and of another is another', () => {
  const part = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 8, maxLength: 8 }),
      fc.array(part, { minLength: 4, maxLength: 4 }),
      (all, host) => {
        const [a, b, c, d] = all.map((number) => number.toString(16));
        const spell = (parts: number[]) =>
          `${a}:${b}:${c}:${d}:${parts.map((number) => number.toString(16)).join(':')}`;
        const neighbour = `${a}:${b}:${c}:${(all[3]! ^ 1).toString(16)}:${host.map((number) => number.toString(16)).join(':')}`;
        fc.pre(all[0] !== 0);
        expect(direct(spell(all.slice(4)))).toBe(direct(spell(host)));
        expect(direct(neighbour)).not.toBe(direct(spell(host)));
      },
    ),
    { seed: 20261122, numRuns: 300 },
  );
});

test('without a proxy of ours, X-Forwarded-For is a rumour', () => {
  for (const forged of ['1.2.3.4', '1.2.3.4, 5.6.7.8', '', 'unknown', '::1']) {
    expect(key({ 'x-dingpass-peer': '192.0.2.7', 'x-forwarded-for': forged }, 0)).toBe('192.0.2.7');
  }
});

test('behind one proxy, its own entry counts, and what the client wrote before it does not', () => {
  expect(throughProxy('192.0.2.7')).toBe('192.0.2.7');
  for (const forged of ['1.2.3.4', '5.6.7.8, 1.2.3.4', '127.0.0.1', 'x, y, z', '"evil"', ',,,']) {
    expect(throughProxy(`${forged}, 192.0.2.7`)).toBe('192.0.2.7');
  }
});

test('behind two proxies, the entry of the outer one counts', () => {
  expect(throughProxy('192.0.2.7, 10.1.1.1', 2)).toBe('192.0.2.7');
  expect(throughProxy('1.2.3.4, 192.0.2.7, 10.1.1.1', 2)).toBe('192.0.2.7');
  expect(throughProxy('9.9.9.9, 1.2.3.4, 192.0.2.7, 10.1.1.1', 2)).toBe('192.0.2.7');
});

test('with fewer entries than proxies, the leftmost one is all there is', () => {
  expect(throughProxy('192.0.2.7', 2)).toBe('192.0.2.7');
});

test.each([
  '',
  'unknown',
  '_hidden',
  'for=192.0.2.7',
  '192.0.2',
  '999.1.1.1',
  '1.2.3.4.5',
  '<script>',
  'x'.repeat(10_000),
])('an entry that is no address (%s) falls back to the connection, never to a client of its own', (entry) => {
  const known = throughProxy(entry);
  expect(known === '10.0.0.1' || /^\d+(\.\d+){3}$/.test(known)).toBe(true);
});

test('no header can make more keys than there are addresses', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.integer({ min: 0, max: 3 }), (text, hops) => {
      const forwarded = text.replace(/[^\x20-\x7e]/g, '');
      expect(key({ 'x-dingpass-peer': '10.0.0.1', 'x-forwarded-for': forwarded }, hops)).toMatch(
        /^(\d{1,3}(\.\d{1,3}){3}|\d{1,3}(\.\d{1,3}){7}\/64)$/,
      );
    }),
    { seed: 20261122, numRuns: 500 },
  );
});

test('where nothing is known, all are one client', () => {
  expect(key({}, 0)).toBe('unknown');
  expect(key({}, 2)).toBe('unknown');
});

test('an IPv6 client belongs to a /48, an IPv4 client to no network', () => {
  const network = (peer: string) => networkKey(new Headers({ 'x-dingpass-peer': peer }), 0);
  expect(network('2001:db8:1:2::1')).toBe(network('2001:db8:1:ffff::9'));
  expect(network('2001:db8:1:2::1')).not.toBe(network('2001:db8:2:2::1'));
  expect(network('192.0.2.1')).toBeUndefined();
  expect(network('::ffff:192.0.2.1')).toBeUndefined();
  expect(network('')).toBeUndefined();
});
