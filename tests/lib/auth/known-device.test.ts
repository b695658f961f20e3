import { sealData } from 'iron-session';
import { expect, test } from 'vitest';
import { createKnownDevices } from '@/lib/auth/known-device';

const SECRET = 'a-test-secret-of-more-than-32-characters-a';
const DAY = 86_400_000;
const settings = {
  publicOrigin: 'https://door.example.com',
  sessionSameSite: 'lax' as const,
  sessionKeys: new Map([['a', SECRET]]),
  sealKey: 'a',
};
let time = Date.now();
const devices = createKnownDevices(settings, () => time);
const sentBack = (setCookie: string | undefined) => setCookie!.split(';')[0]!;

test('a device is known by the cookie that it was given, and keeps its id when that is renewed', async () => {
  const cookie = sentBack(await devices.remember(null));
  const id = await devices.deviceIn(`x=1; ${cookie}`);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await devices.remember(cookie)).toBeUndefined();
  time += 100 * DAY;
  const renewed = sentBack(await devices.remember(cookie));
  expect(await devices.deviceIn(renewed)).toBe(id);
  expect(await devices.deviceIn(sentBack(await devices.remember(null)))).not.toBe(id);
});

test('nothing else makes a device known', async () => {
  const cookie = sentBack(await devices.remember(null));
  const forged = await sealData(
    { id: crypto.randomUUID(), issuedAt: 1, purpose: 'device' },
    { password: SECRET },
  );
  const name = '__Host-dingpass-device';
  for (const header of [null, '', `${cookie}; ${cookie}`, `${name}=x`, `${name}=a.${forged}`])
    expect([header, await devices.deviceIn(header)]).toEqual([header, undefined]);
});
