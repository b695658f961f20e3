import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { parseEvent } from '../../../lib/dingtalk/event';
import { freshMember, noteMember } from '../../../lib/directory/refresh';
import { directoryStore } from '../../../lib/directory/store';
import { syncStore } from '../../../lib/directory/sync/run-store';
import { startSync } from '../../../lib/directory/sync/schedule';
import { dispatcher } from '../../../lib/events/apply';
import { startLeavers } from '../../../lib/events/leavers';
import type { Session } from '../../../lib/session/session-cookie';
import { sessions } from '../../../lib/session/sessions';
import { openDatabases } from '../../../lib/storage/databases';
import { appEnv } from '../../support/app';

/** The company, the mirror and the sessions of one process, without pages. */
let emulator: Emulator;
let leavers: { close(): void };
let people: string[];
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 6, enforceQps: false });
  const env = { ...appEnv(emulator, 'http://127.0.0.1:3000'), DIRECTORY_SYNC: 'on', LOG_LEVEL: 'silent' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  leavers = startLeavers();
  await read();
});
afterAll(async () => {
  leavers.close();
  await sessions().close();
  await emulator.close();
});

const somebody = () => people.pop()!;

/** A whole run. */
async function read(): Promise<void> {
  expect(await startSync('admin')).toBe(true);
  while ((await syncStore().runs(1))[0]!.state === 'running') await delay(20);
}

let lastEvent = 0;
const tell = (EventType: string, UserId: string[], eventId = `e${++lastEvent}`) =>
  dispatcher().dispatch(parseEvent({ EventType, UserId, eventId, TimeStamp: String(Date.now()) }));

async function signIn(userId: string): Promise<Session> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const draft = {
    id: randomUUID(),
    userId,
    name: userId,
    method: 'webview' as const,
    issuedAt,
    expiresAt: issuedAt + 3600,
  };
  const standing = await sessions().open(
    { ...draft, client: 'dingtalk-ios' },
    { since: await sessions().sequence(), line: { event: 'sign-in', userId } },
  );
  return { ...draft, corpId: emulator.corpId, ...standing };
}
const isIn = async (session: Session) => (await sessions().verify(session)) === 'valid';
const untilOut = (session: Session) =>
  vi.waitFor(async () => expect(await isIn(session)).toBe(false), { timeout: 12_000, interval: 50 });

test('a sign-in does not rely on the record of somebody of whom an event told that is not worked off', async () => {
  const { store } = sessions();
  const target = { what: 'member', id: somebody() } as const;
  expect(await freshMember(target.id, 3600)).toMatchObject({ userId: target.id });
  await store.enqueueRefresh([target]);
  expect(await freshMember(target.id, 3600)).toBeNull();
  await store.completeRefresh({ target, version: await store.refreshVersion(target) });
  expect(await freshMember(target.id, 3600)).toMatchObject({ userId: target.id });
});

test('whoever comes back after a leave event stays, though the mirror had them and forgot them', async () => {
  const userId = somebody();
  const old = await signIn(userId);
  expect(await syncStore().member(userId)).not.toBeNull();
  expect(await tell('user_leave_org', [userId])).toBe('done');
  expect(await isIn(old)).toBe(false);
  expect(await syncStore().leavers(10)).toEqual([]);
  const back = await signIn(userId);
  await delay(2500);
  expect(await isIn(back)).toBe(true);
  expect(await syncStore().leavers(10)).toEqual([]);
  // They were asked about, and are back in the mirror.
  expect(await syncStore().member(userId)).not.toBeNull();
});

test('a leave event that is replayed does not remove a person who is back', async () => {
  const userId = somebody();
  expect(await tell('user_leave_org', [userId], 'replayed')).toBe('done');
  const back = await signIn(userId);
  await vi.waitFor(async () => expect(await syncStore().member(userId)).not.toBeNull(), { timeout: 5000 });
  const forget = vi.spyOn(directoryStore(), 'forget');
  expect(await tell('user_leave_org', [userId], 'replayed')).toBe('duplicate');
  expect(forget).not.toHaveBeenCalled();
  forget.mockRestore();
  expect(await isIn(back)).toBe(true);
});

test('a leave event of which half was done is finished when it comes again', async () => {
  const userId = somebody();
  const session = await signIn(userId);
  const { store } = sessions();
  const failing = vi.spyOn(directoryStore(), 'forget').mockRejectedValueOnce(new Error('the disk is full'));
  emulator.control.fire(userId);
  expect(await tell('user_leave_org', [userId], 'half')).toBe('done');
  expect(failing).toHaveBeenCalled();
  expect(await isIn(session)).toBe(false);
  // What could not be done to the mirror is owed, and done.
  expect((await store.refreshJobs(0)).map(({ target }) => target)).toContainEqual({
    what: 'member',
    id: userId,
  });
  await vi.waitFor(async () => expect(await syncStore().member(userId)).toBeNull(), { timeout: 10_000 });
  await vi.waitFor(async () => expect(await store.refreshJobs(0)).toEqual([]), { timeout: 10_000 });
  failing.mockRestore();
});

test('somebody of whom another event tells, and whom DingTalk no longer has, is out, mirrored or not', async () => {
  for (const isMirrored of [true, false]) {
    const userId = somebody();
    const session = await signIn(userId);
    if (!isMirrored) await syncStore().forget(userId);
    await vi.waitFor(async () => expect(await syncStore().leavers(10)).toEqual([]), { timeout: 5000 });
    const again = isMirrored ? session : await signIn(userId);
    const since = await sessions().sequence();
    emulator.control.fire(userId);
    expect(await tell('user_modify_org', [userId])).toBe('done');
    await untilOut(again);
    // Here at once, and then in the store: so is a sign-in that was under way.
    await vi.waitFor(async () => expect(await sessions().sequence()).toBeGreaterThan(since), {
      timeout: 5000,
    });
    await expect(
      sessions().open(
        { ...again, id: randomUUID(), client: 'dingtalk-ios' },
        { since, line: { event: 'sign-in', userId } },
      ),
    ).rejects.toMatchObject({ problem: 'sign-in-overtaken' });
  }
});

test('somebody who was noted as inactive before the reading that finds them so is out after it', async () => {
  const userId = somebody();
  const [session, stayer] = [await signIn(userId), await signIn(somebody())];
  emulator.control.patchPerson(userId, { active: false });
  // As a sign-in that is refused does.
  await noteMember({
    userId,
    active: false,
    departmentIds: [],
    ledDepartmentIds: [],
    roles: [],
    positions: [],
  });
  await delay(1500);
  expect(await isIn(session)).toBe(true);
  await read();
  await untilOut(session);
  expect(await isIn(stayer)).toBe(true);
}, 60_000);

test('whatever else an event makes stale is owed from its acknowledgement until it was read', async () => {
  const { store } = sessions();
  expect(await tell('user_modify_org', people.slice(0, 20))).toBe('done');
  expect(await tell('org_admin_remove', people.slice(0, 1))).toBe('done');
  const owed = (await store.refreshJobs(0)).map(({ target }) => target);
  expect(owed).toHaveLength(21);
  expect(owed).toContainEqual({ what: 'administrators' });
  await vi.waitFor(async () => expect(await store.refreshJobs(0)).toEqual([]), {
    timeout: 15_000,
    interval: 100,
  });
  expect(emulator.control.calls().byEndpoint['/topapi/v2/user/get']).toBeGreaterThanOrEqual(20);
});
