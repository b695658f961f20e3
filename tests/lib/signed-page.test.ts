import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type SignatureDigest, signedAddress, signPage } from '../../lib/dingtalk/jsapi';
import { addressToSign } from '../../lib/signed-page';

/** Clients, by what `dingtalk-jsapi` calls their platform. */
const CLIENTS = { android: 'android', ios: 'ios', harmony: 'harmony', windows: 'pc', mac: 'pc' };

/** Addresses as browsers have them in `location.href`, and what is signed of each. */
const ADDRESSES: [href: string, signed: string][] = [
  // Paths stay as they are
  ['https://door.example.com/', 'https://door.example.com/'],
  ['https://door.example.com/home', 'https://door.example.com/home'],
  ['https://door.example.com/home/', 'https://door.example.com/home/'],
  ['https://door.example.com/a%20b', 'https://door.example.com/a%20b'],
  ['https://door.example.com/a+b', 'https://door.example.com/a+b'],
  ['https://door.example.com/a%2Bb', 'https://door.example.com/a%2Bb'],
  ['https://door.example.com/a%2Fb', 'https://door.example.com/a%2Fb'],
  ['https://door.example.com/a%252Fb', 'https://door.example.com/a%252Fb'],
  ['https://door.example.com/%E9%A3%9F%E5%A0%82', 'https://door.example.com/%E9%A3%9F%E5%A0%82'],
  ['https://door.example.com/食堂', 'https://door.example.com/食堂'],
  ['https://door.example.com//two//slashes', 'https://door.example.com//two//slashes'],
  ['https://door.example.com/%7Euser', 'https://door.example.com/%7Euser'],
  ['https://door.example.com/~user', 'https://door.example.com/~user'],
  ['https://door.example.com/a;b=c', 'https://door.example.com/a;b=c'],
  ['https://door.example.com/a%zz', 'https://door.example.com/a%zz'],
  ['https://door.example.com/UPPER/lower', 'https://door.example.com/UPPER/lower'],
  // Hosts and ports
  ['https://door.example.com:8443/', 'https://door.example.com:8443/'],
  ['https://door.example.com:8443/a?x=1', 'https://door.example.com:8443/a?x=1'],
  ['http://127.0.0.1:3000/a', 'http://127.0.0.1:3000/a'],
  ['http://localhost:3000/a?b', 'http://localhost:3000/a?b'],
  ['http://[::1]:3000/a', 'http://[::1]:3000/a'],
  ['https://xn--fiq228c.example.com/', 'https://xn--fiq228c.example.com/'],
  ['https://door.example.com:443/a', 'https://door.example.com:443/a'],
  ['http://door.example.com:80/a', 'http://door.example.com:80/a'],
  // Queries are decoded
  ['https://door.example.com/?x=1', 'https://door.example.com/?x=1'],
  ['https://door.example.com/?', 'https://door.example.com/'],
  ['https://door.example.com/?x', 'https://door.example.com/?x'],
  ['https://door.example.com/?x=', 'https://door.example.com/?x='],
  ['https://door.example.com/?x=1&x=2', 'https://door.example.com/?x=1&x=2'],
  ['https://door.example.com/?&&', 'https://door.example.com/?&&'],
  ['https://door.example.com/?q=%E5%BC%A0%E4%B8%89', 'https://door.example.com/?q=张三'],
  ['https://door.example.com/?q=张三', 'https://door.example.com/?q=张三'],
  ['https://door.example.com/?%E5%90%8D=1', 'https://door.example.com/?名=1'],
  ['https://door.example.com/?x=1%202', 'https://door.example.com/?x=1 2'],
  ['https://door.example.com/?x=1+2', 'https://door.example.com/?x=1+2'],
  ['https://door.example.com/?x=1%2B2', 'https://door.example.com/?x=1+2'],
  ['https://door.example.com/?x=a%26b%3Dc', 'https://door.example.com/?x=a&b=c'],
  ['https://door.example.com/?x=%3F', 'https://door.example.com/?x=?'],
  ['https://door.example.com/?x=?y', 'https://door.example.com/?x=?y'],
  ['https://door.example.com/??x', 'https://door.example.com/??x'],
  ['https://door.example.com/?x=%23', 'https://door.example.com/?x=#'],
  ['https://door.example.com/?x=%25', 'https://door.example.com/?x=%'],
  ['https://door.example.com/?x=%2525', 'https://door.example.com/?x=%25'],
  ['https://door.example.com/?x=%zz', 'https://door.example.com/?x=%zz'],
  ['https://door.example.com/?x=%', 'https://door.example.com/?x=%'],
  ['https://door.example.com/?x=%E5%BC', 'https://door.example.com/?x=%E5%BC'],
  ['https://door.example.com/?x=%F0%9F%8D%9C', 'https://door.example.com/?x=🍜'],
  [
    'https://door.example.com/?next=https%3A%2F%2Fa.example%2F%3Fb%3D1',
    'https://door.example.com/?next=https://a.example/?b=1',
  ],
  ['https://door.example.com/?corpid=dingcorp0001&x=1', 'https://door.example.com/?corpid=dingcorp0001&x=1'],
  ['https://door.example.com/?x=/../y', 'https://door.example.com/?x=/../y'],
  ['https://door.example.com/?x=%0A', 'https://door.example.com/?x=\n'],
  ["https://door.example.com/?x='(!)*", "https://door.example.com/?x='(!)*"],
  ['https://door.example.com/a%20b?c=d%20e', 'https://door.example.com/a%20b?c=d e'],
  // Fragments are no part of it
  ['https://door.example.com/#', 'https://door.example.com/'],
  ['https://door.example.com/#top', 'https://door.example.com/'],
  ['https://door.example.com/#/route?x=1', 'https://door.example.com/'],
  ['https://door.example.com/?x=1#a#b', 'https://door.example.com/?x=1'],
  ['https://door.example.com/?#x', 'https://door.example.com/'],
  ['https://door.example.com/a#?x=%20', 'https://door.example.com/a'],
  ['https://door.example.com/?x=%20#%20', 'https://door.example.com/?x= '],
];

let emulator: Emulator;
let ticket: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.control.reset();
  const post = (path: string, init: RequestInit) =>
    fetch(emulator.url + path, { method: 'POST', ...init }).then((answer) => answer.json());
  const { accessToken } = await post('/v1.0/oauth2/accessToken', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
  });
  const headers = { 'x-acs-dingtalk-access-token': accessToken };
  ({ jsapiTicket: ticket } = await post('/v1.0/oauth2/jsapiTickets', { headers }));
});

function judge(signed: string, seen: string, change: object = {}, digest: SignatureDigest = 'sha256') {
  const sample = { ticket, nonce: 'n', timestamp: '1700000000000' };
  const parameters = {
    agentId: emulator.agentId,
    corpId: emulator.corpId,
    timeStamp: sample.timestamp,
    nonceStr: sample.nonce,
    signature: signPage({ ...sample, address: signedAddress(signed), digest }),
    jsApiList: ['biz.util.scan'],
    ...change,
  };
  return emulator.control.judgeConfig({ parameters, url: seen });
}

test('there are sixty', () => expect(ADDRESSES).toHaveLength(60));

test.each(ADDRESSES)('%s is signed as %s', (href, signed) => {
  expect(signedAddress(href)).toBe(signed);
});

test.each(Object.entries(CLIENTS))('on %s, DingTalk accepts all sixty, by both digests', (_, platform) => {
  for (const [href] of ADDRESSES) {
    const address = addressToSign(platform, href, href);
    expect(address).toBe(href.split('#')[0]);
    for (const digest of ['sha256', 'sha1'] as const)
      expect(judge(address, address, {}, digest), href).toEqual({ jsApiList: ['biz.util.scan'], digest });
  }
});

test.each(Object.entries(CLIENTS))(
  'on %s, a router that changes the address is followed or not',
  (_, platform) => {
    const [entered, current] = ['https://door.example.com/?corpid=x', 'https://door.example.com/canteen#top'];
    const signed = addressToSign(platform, entered, current);
    expect(signed).toBe(platform === 'ios' ? entered : 'https://door.example.com/canteen');
  },
);

test('another address than DingTalk sees is 52013, with what DingTalk sees', () => {
  const seen = 'https://door.example.com/canteen?x=%E5%BC%A0';
  for (const signed of [
    'https://door.example.com/canteen',
    'https://door.example.com:443/canteen?x=%E5%BC%A0',
  ]) {
    expect(judge(signed, seen)).toEqual({
      errorCode: '3',
      errorMessage: expect.stringContaining('url:[https://door.example.com/canteen?x=张]'),
    });
    expect(judge(signed, seen)).toMatchObject({ errorMessage: expect.stringContaining('Code:52013 ') });
  }
});

test.each([
  [52010, { corpId: 'dingother' }],
  [52013, { nonceStr: 'another' }],
  [52013, { timeStamp: '1700000000001' }],
  [52013, { signature: '0'.repeat(64) }],
  [52015, { nonceStr: '' }],
  [52016, { signature: undefined }],
  [52017, { jsApiList: 'biz.util.scan' }],
  [52018, { timeStamp: 'now' }],
  [52019, { agentId: '1' }],
])('DingTalk answers %i for %o', (code, change) => {
  const href = 'https://door.example.com/';
  expect(judge(href, href, change)).toMatchObject({
    errorCode: '3',
    errorMessage: expect.stringContaining(`Code:${code} `),
  });
});

test('a ticket that has died signs nothing: 52011', () => {
  emulator.control.advanceClock(7_200_000);
  const href = 'https://door.example.com/';
  expect(judge(href, href)).toMatchObject({ errorMessage: expect.stringContaining('Code:52011 ') });
});
