import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { takeFailedEvents } from '../../lib/dingtalk/failed-events';
import { type CallbackHouse, SECRETS, startCallbackHouse } from '../support/callback-receiver';
import { createLine } from '../support/dingtalk-client';
import { freePort } from '../support/port';
import { startPeer } from '../support/recording-server';
import { fetchToken, flat, postJson, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
let house: CallbackHouse;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.control.reset();
  house = await startCallbackHouse([emulator.clientId, emulator.corpId]);
});
afterEach(() => house.close());

const events = () => emulator.control.events;
const at = (path: string) => `${emulator.url}/__emulator/${path}`;
const first = () => emulator.company.people[0]!;
const subscribe = (more = {}) => events().subscribe({ url: house.url, ...SECRETS, ...more });
const told = () =>
  house.events.map(
    ({ wireType, userIds, departmentIds }) =>
      `${wireType} ${wireType.startsWith('org_dept') ? departmentIds : userIds}`,
  );
/** Their order says nothing. */
const hear = (...lines: string[]) => vi.waitFor(() => expect(told().sort()).toEqual(lines.sort()));

describe('a subscription', () => {
  test('over HTTP: the address is tried first, the secrets are not shown', async () => {
    const answer = await postJson(at('callback'), { url: house.url, ...SECRETS });
    expect([answer.status, house.replies.length]).toEqual([200, 1]);
    const { json, text } = await request(at('callback'));
    expect(json.subscription).toMatchObject({
      url: house.url,
      ownerKey: emulator.clientId,
      keyStyle: 'pascal',
    });
    expect(text).not.toContain(SECRETS.aesKey);
    await request(at('callback'), { method: 'DELETE' });
    expect((await request(at('callback'))).json.subscription).toBeUndefined();
  });

  test('that does not answer rightly is refused with the reason', async () => {
    const other = 'ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkj';
    const wrong: [object, RegExp][] = [
      [{ aesKey: other }, /status 403/],
      [{ token: 'OtherToken01' }, /status 403/],
      [{ ownerKey: 'somebodyelse' }, /status 403/],
      [{ url: `http://127.0.0.1:${await freePort()}` }, /no connection/],
      [{ aesKey: 'short' }, /aesKey/],
    ];
    for (const [more, reason] of wrong) {
      const { status, json } = await postJson(at('callback'), { url: house.url, ...SECRETS, ...more });
      expect([status, json.error]).toEqual([400, expect.stringMatching(reason)]);
    }
    expect((await request(at('callback'))).json.subscription).toBeUndefined();
  });

  test.each([
    ['pascal', 'both', 'timestamp'],
    ['camel', 'msg_signature', 'timeStamp'],
    ['camel', 'signature', 'timestamp'],
  ] as const)('in %s keys with %s and %s is understood', async (keyStyle, signatureName, timestampName) => {
    await subscribe({ keyStyle, signatureName, timestampName });
    const { eventId } = events().emit({ type: 'user_leave_org', userIds: ['u1', 'u2'] });
    events().emit({ type: 'org_dept_remove', departmentIds: [7] });
    events().emit({ type: 'label_user_change', userIds: ['u1'], roleIds: [41], action: 'add' });
    events().emit({ type: 'org_change' });
    await hear('user_leave_org u1,u2', 'org_dept_remove 7', 'label_user_change u1', 'org_change ');
    const leave = house.events.find(({ type }) => type === 'member-left')!;
    expect(leave).toMatchObject({ id: eventId, corpId: emulator.corpId, departmentIds: [], roleIds: [] });
    expect(Math.abs(leave.at! - Date.now())).toBeLessThan(60_000);
    expect(house.events.find(({ type }) => type === 'department-removed')!.departmentIds).toEqual([7]);
    expect(house.events.find(({ type }) => type === 'role-changed')!.roleIds).toEqual([41]);
    const query = new URL(house.requests.at(-1)!.url, 'http://x').searchParams;
    expect(query.has('msg_signature')).toBe(signatureName !== 'signature');
    expect(query.has('signature')).toBe(signatureName !== 'msg_signature');
    expect(query.has(timestampName)).toBe(true);
  });
});

describe('what happens to the staff is told', () => {
  beforeEach(() => subscribe());

  test('hired and fired', async () => {
    emulator.control.hire({ userid: 'new.person01' });
    emulator.control.fire('new.person01');
    await hear('user_add_org new.person01', 'user_modify_org new.person01', 'user_leave_org new.person01');
  });

  test('over HTTP too', async () => {
    await postJson(at('people'), { userid: 'new.person01' });
    await request(at('people/new.person01'), { method: 'DELETE' });
    await hear('user_add_org new.person01', 'user_modify_org new.person01', 'user_leave_org new.person01');
  });

  test('renamed and moved', async () => {
    const { userid } = first();
    emulator.control.patchPerson(userid, { name: '新名字' });
    emulator.control.move(userid, [1]);
    await hear(`user_modify_org ${userid}`, `user_modify_org ${userid}`);
  });

  test('promoted and back', async () => {
    const { userid } = first();
    emulator.control.promote(userid);
    emulator.control.promote(userid, 'none');
    await hear(
      `org_admin_add ${userid}`,
      `label_user_change ${userid}`,
      `org_admin_remove ${userid}`,
      `label_user_change ${userid}`,
    );
  });

  test('activated; and nobody hears of a new picture or of no change', async () => {
    const { userid } = emulator.company.people.find(({ active }) => !active)!;
    emulator.control.patchPerson(first().userid, { hasAvatar: false });
    emulator.control.patchPerson(first().userid, { name: first().name });
    emulator.control.patchPerson(userid, { active: true });
    await hear(`user_active_org ${userid}`);
  });

  test('a department is made, moved, renamed and dissolved', async () => {
    const [above, other] = emulator.company.childrenOf(1).map(({ id }) => id);
    const { json: made } = await postJson(at('departments'), { name: '新部门', parentId: above });
    await postJson(at(`departments/${made.id}`), { parentId: other });
    await postJson(at(`departments/${made.id}`), { name: '改名' });
    emulator.control.move(first().userid, [made.id]);
    expect(emulator.company.childrenOf(other!).at(-1)).toMatchObject({ id: made.id, name: '改名' });
    await request(at(`departments/${made.id}`), { method: 'DELETE' });
    expect(first().departmentIds).toEqual([other]);
    await hear(
      `org_dept_create ${made.id}`,
      `org_dept_modify ${made.id}`,
      `org_dept_modify ${made.id}`,
      `user_modify_org ${first().userid}`,
      `user_modify_org ${first().userid}`,
      `org_dept_remove ${made.id}`,
    );
    expect((await postJson(at(`departments/${above}`), { parentId: above })).status).toBe(400);
  });

  test('what happens between two calls is told as well', async () => {
    const [, leaver, mover] = emulator.company.people.map(({ userid }) => userid);
    emulator.control.fault({
      endpoint: '/topapi/user/listadmin',
      fault: {
        kind: 'staffChange',
        fire: [leaver!],
        move: [{ userid: mover!, departmentIds: [1] }],
      },
    });
    await topapi(emulator, '/topapi/user/listadmin', {});
    await hear(`user_leave_org ${leaver}`, `user_modify_org ${mover}`);
  });

  test('an event of any kind can be asked for over HTTP, and asked for again', async () => {
    const wanted = { type: 'user_leave_org', userIds: ['u1'], eventId: 'e1', corpId: 'dingother' };
    for (let time = 0; time < 2; time += 1) {
      expect((await postJson(at('events'), wanted)).json).toEqual({ eventId: 'e1' });
    }
    await hear('user_leave_org u1', 'user_leave_org u1');
    expect(house.events[0]).toMatchObject({ id: 'e1', corpId: 'dingother' });
    expect((await postJson(at('events'), { userIds: [] })).status).toBe(400);
  });
});

describe('an event that is not acknowledged', () => {
  const failTimes = (times: number) => {
    let left = times;
    house.meet = async () => {
      left -= 1;
      if (left >= 0) throw new Error('down');
    };
  };
  const attempts = (count: number) =>
    vi.waitFor(() => expect(events().deliveries()[0]!.attempts).toBe(count));

  test('comes again after 10 s, and then after 30 s', async () => {
    await subscribe();
    failTimes(2);
    // By the emulator's clock, which goes on by itself too.
    let ahead = 0;
    const times: number[] = [];
    const { meet } = house;
    house.meet = (event) => {
      times.push(Date.now() + ahead);
      return meet(event);
    };
    const advance = (ms: number) => {
      ahead += ms;
      emulator.control.advanceClock(ms);
    };
    events().emit({ type: 'user_leave_org', userIds: ['u1'] });
    await attempts(1);
    advance(9000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    advance(1100);
    await attempts(2);
    advance(30_100);
    await hear('user_leave_org u1');
    expect(events().deliveries()).toMatchObject([{ attempts: 3, state: 'delivered' }]);
    const [first, second, third] = times as [number, number, number];
    // Each time is that of the arrival, some milliseconds before the end from which the pause counts.
    expect(second - first).toBeGreaterThanOrEqual(10_000);
    expect(third - second).toBeGreaterThanOrEqual(30_000);
  });

  test('is listed as failed some minutes after the third time, and is told once', async () => {
    await subscribe();
    failTimes(3);
    events().emit({ type: 'user_leave_org', userIds: ['u1'], bornAt: 1606126433000 });
    await attempts(1);
    emulator.control.advanceClock(10_100);
    await attempts(2);
    emulator.control.advanceClock(30_100);
    await vi.waitFor(() =>
      expect(events().deliveries()[0]).toMatchObject({ state: 'failed', reason: 'status 503' }),
    );
    const failed = async () => (await flat(emulator, '/call_back/get_call_back_failed_result')).json;
    expect(await failed()).toMatchObject({ errcode: 0, has_more: false, failed_list: [] });
    emulator.control.advanceClock(180_000);
    expect((await failed()).failed_list).toEqual([
      {
        user_leave_org: { userid: ['u1'], corpid: emulator.corpId },
        call_back_tag: 'user_leave_org',
        event_time: 1606126433000,
      },
    ]);
    expect((await failed()).failed_list).toEqual([]);
  });

  test('once listed, is read by the house as the event that it was', async () => {
    const { client } = createLine(emulator);
    await subscribe();
    failTimes(9);
    for (const userid of ['u1', 'u2'])
      events().emit({ type: 'user_leave_org', userIds: [userid], bornAt: 1606126433000 });
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() =>
        expect(
          events()
            .deliveries()
            .map(({ attempts }) => attempts),
        ).toEqual([count, count]),
      );
      emulator.control.advanceClock(30_100);
    }
    emulator.control.advanceClock(180_000);
    const { events: failed, hasMore } = await takeFailedEvents(client);
    expect(hasMore).toBe(false);
    expect(failed.sort((a, b) => a.userIds[0]!.localeCompare(b.userIds[0]!))).toMatchObject([
      { type: 'member-left', corpId: emulator.corpId, userIds: ['u1'], at: 1606126433000 },
      { type: 'member-left', userIds: ['u2'] },
    ]);
    expect(failed[0]!.id).not.toBe(failed[1]!.id);
    expect((await takeFailedEvents(client)).events).toEqual([]);
  });

  test.each([
    ['no answer in time', () => undefined, /no answer within 2500 ms/],
    ['a bare success', (response) => response.end('success'), /no JSON/],
    ['an empty object', (response) => response.end('{}'), /msg_signature/],
    ['a redirect', (response) => response.writeHead(302, { location: '/' }).end(), /status 302/],
  ] as [
    string,
    Parameters<typeof startPeer>[0] extends (q: never, r: infer R) => void ? (r: R) => void : never,
    RegExp,
  ][])('%s is no acknowledgement', async (_, answer, reason) => {
    const peer = await startPeer((_request, response) => answer(response));
    await events().subscribe({ url: peer.url, ...SECRETS, check: false });
    events().emit({ type: 'user_leave_org', userIds: ['u1'] });
    await vi.waitFor(() => expect(events().deliveries()[0]!.reason).toMatch(reason), 5000);
    await peer.close();
  });
});

describe('registration by the API', () => {
  const call = async (path: string, body: unknown) =>
    (await postJson(`${emulator.url}/call_back/${path}?access_token=${await fetchToken(emulator)}`, body))
      .json;
  const wanted = () => ({
    call_back_tag: ['user_leave_org'],
    token: SECRETS.token,
    aes_key: SECRETS.aesKey,
    url: house.url,
  });

  test('the owner is the company, and only what was ordered comes', async () => {
    expect(await call('register_call_back', wanted())).toEqual({ errcode: 0, errmsg: 'ok' });
    events().emit({ type: 'user_add_org', userIds: ['u1'] });
    events().emit({ type: 'user_leave_org', userIds: ['u1'] });
    await hear('user_leave_org u1');
    expect((await flat(emulator, '/call_back/get_call_back')).json).toMatchObject({
      errcode: 0,
      ...wanted(),
    });
    expect((await call('register_call_back', wanted())).errcode).toBe(400041);
    expect((await call('update_call_back', { ...wanted(), call_back_tag: ['org_change'] })).errcode).toBe(0);
    expect((await flat(emulator, '/call_back/delete_call_back')).json.errcode).toBe(0);
    expect((await flat(emulator, '/call_back/get_call_back')).json.errcode).toBe(71007);
  });

  test('an address that does not answer rightly is refused', async () => {
    const free = `http://127.0.0.1:${await freePort()}`;
    expect((await call('register_call_back', { ...wanted(), url: free })).errcode).toBe(400051);
    expect((await call('register_call_back', { ...wanted(), url: 'nowhere' })).errcode).toBe(400050);
    expect((await call('register_call_back', { ...wanted(), token: 'OtherToken01' })).errcode).toBe(400052);
    expect((await call('register_call_back', { ...wanted(), call_back_tag: [] })).errcode).toBe(40035);
    expect((await call('update_call_back', wanted())).errcode).toBe(71007);
    expect((await flat(emulator, '/call_back/delete_call_back')).json.errcode).toBe(71007);
  });
});

test('three hundred leavers at once are all told', async () => {
  await subscribe();
  const wanted = Array.from({ length: 300 }, (_, index) => `u${index}`);
  for (const userid of wanted) events().emit({ type: 'user_leave_org', userIds: [userid] });
  // On a busy machine one may be answered too late and come again.
  const leavers = () => new Set(house.events.flatMap(({ userIds }) => userIds)).size;
  await vi.waitFor(() => expect(leavers()).toBe(300), 25_000);
});
