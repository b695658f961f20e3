import { expect, test, vi } from 'vitest';
import { type DirectoryEvent, parseEvent } from '../../../lib/dingtalk/event';
import { type CallbackSettings, handleCallback } from '../../../lib/events/callback';
import { createDispatcher, type DispatcherOptions, effectOf } from '../../../lib/events/dispatch';
import type { EventEffect } from '../../../lib/session/session-store';
import { PARTS, readAnswer, sealed } from '../../support/callback';
import { type CallbackEntry as Entry, requestsOfEntry } from '../../support/callback-corpus';
import { openCorpus } from '../../support/corpus';

const CORP_ID = 'dingexample0001corp';
const NOW = Number(PARTS.timestamp);

/** Every effect that was applied; `left` as the store of sessions would know it. */
function startHouse(apply?: DispatcherOptions['apply']) {
  const done: EventEffect[] = [];
  const left = new Map<string, number>();
  const known = new Set<string>();
  const dispatcher = createDispatcher({
    corpId: CORP_ID,
    async apply(event, effect) {
      if (known.has(event.id)) return false;
      if (apply && !(await apply(event, effect))) return false;
      for (const name of [event.id, ...event.deduplicationKeys]) known.add(name);
      if (effect.refresh.length > 0) done.push(effect);
      for (const id of effect.left) left.set(id, (left.get(id) ?? 0) + 1);
      return true;
    },
  });
  return { ...dispatcher, done, left };
}

let lastId = 0;
function event(wireType: string, fields: Record<string, unknown> = {}): DirectoryEvent {
  lastId += 1;
  return parseEvent({ EventType: wireType, CorpId: CORP_ID, eventId: `e${lastId}`, ...fields });
}

const MEMBER = { what: 'member', id: 'u1' } as const;

test.each<[string, Record<string, unknown>, EventEffect['refresh']]>([
  ['user_leave_org', { UserId: ['u1'] }, [MEMBER]],
  ['user_add_org', { UserId: ['u1'] }, [MEMBER]],
  ['user_modify_org', { UserId: ['u1'] }, [MEMBER]],
  ['user_active_org', { UserId: ['u1'] }, [MEMBER]],
  ['org_admin_add', { UserId: ['u1'] }, [{ what: 'administrators' }, MEMBER]],
  ['org_admin_remove', { UserId: ['u1'] }, [{ what: 'administrators' }, MEMBER]],
  ['org_dept_create', { DeptId: [7, 8] }, [7, 8].map((id) => ({ what: 'department', id }))],
  ['org_dept_modify', { DeptId: [7] }, [{ what: 'department', id: 7 }]],
  ['org_dept_remove', { DeptId: [7] }, [{ what: 'directory' }]],
  ['label_user_change', { UserIdList: ['u1'], LabelIdList: [41] }, [MEMBER]],
  ['label_conf_modify', { LabelIdList: [41] }, [{ what: 'directory' }]],
  ['org_change', {}, [{ what: 'directory' }]],
  ['user_leave_org', {}, []],
  ['org_admin_remove', {}, []],
  ['org_dept_remove', {}, []],
  ['label_user_change', {}, []],
  ['bpms_task_change', { UserId: ['u1'] }, []],
])('what is read again after %s %j', (type, fields, refresh) => {
  const left = type === 'user_leave_org' && refresh.length > 0 ? ['u1'] : [];
  expect(effectOf(event(type, fields))).toEqual({ left, refresh });
});

test('an event counts once, however often and however close together it comes', async () => {
  const house = startHouse();
  const leave = event('user_leave_org', { UserId: ['u1'] });
  const outcomes = await Promise.all(Array.from({ length: 1000 }, () => house.dispatch(leave)));
  expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
  expect(await house.dispatch({ ...leave })).toBe('duplicate');
  expect(house.done).toEqual([{ left: ['u1'], refresh: [MEMBER] }]);
  expect(house.counts()).toMatchObject({ done: 1, duplicate: 1000 });
});

test('an event whose effect failed is not remembered: it is done when it comes again', async () => {
  let isDown = true;
  const house = startHouse(async () => {
    if (isDown) throw new Error('store down');
    return true;
  });
  const leave = event('user_leave_org', { UserId: ['u1'] });
  await expect(house.dispatch(leave)).rejects.toThrow('store down');
  isDown = false;
  expect(await house.dispatch(leave)).toBe('done');
  expect(house.counts()).toMatchObject({ failed: 1, done: 1 });
});

test('another company, nobody at all and unknown kinds have no effect and are counted', async () => {
  const house = startHouse();
  expect(await house.dispatch(event('user_leave_org', { CorpId: 'ding0000', UserId: ['u1'] }))).toBe(
    'foreign',
  );
  expect(await house.dispatch(event('user_leave_org', { UserId: [] }))).toBe('empty');
  expect(await house.dispatch(event('org_dept_remove', { UserId: ['u1'] }))).toBe('empty');
  expect(await house.dispatch(event('bpms_task_change', { UserId: ['u1'] }))).toBe('unknown');
  expect(house.done).toEqual([]);
  expect(house.counts()).toEqual({ done: 0, duplicate: 0, foreign: 1, empty: 2, unknown: 1, failed: 0 });
});

test('an event that names no company is taken for ours: whoever sent it proved who they are', async () => {
  const house = startHouse();
  expect(await house.dispatch(event('user_leave_org', { CorpId: undefined, UserId: ['u1'] }))).toBe('done');
});

test('the order of leave and join says nothing: the leave is done in both', async () => {
  for (const types of [
    ['user_leave_org', 'user_add_org'],
    ['user_add_org', 'user_leave_org'],
  ]) {
    const house = startHouse();
    for (const type of types) await house.dispatch(event(type, { UserId: ['u1'] }));
    expect(house.left.get('u1')).toBe(1);
  }
});

// ── The way in ────────────────────────────────────────────────────────────────────────────────────────────────────

function settingsFor(
  onEvent: CallbackSettings['onEvent'],
  more: Partial<CallbackSettings> = {},
): CallbackSettings {
  const keys = { token: PARTS.token, aesKey: PARTS.aesKey, ownerKeys: [PARTS.ownerKey] } as const;
  return { keys: { ...keys, ownerKeys: [...keys.ownerKeys] }, now: () => NOW, onEvent, ...more };
}

const post = ({ query, body }: { query: URLSearchParams; body: string }, settings: CallbackSettings) =>
  handleCallback(query, body, settings);

test('DingTalk’s check of the address is answered and goes no further', async () => {
  const onEvent = vi.fn();
  const reply = await post(sealed('{"EventType":"check_url"}'), settingsFor(onEvent));
  expect(reply.status).toBe(200);
  expect(readAnswer(reply.body)).toBe('success');
  expect(onEvent).not.toHaveBeenCalled();
});

test('no two answers share a nonce', async () => {
  const replies = await Promise.all(
    Array.from({ length: 50 }, () =>
      post(
        sealed('{"EventType":"check_url"}'),
        settingsFor(async () => {}),
      ),
    ),
  );
  expect(new Set(replies.map(({ body }) => JSON.parse(body).nonce)).size).toBe(50);
});

test('what could not be made durable is not acknowledged', async () => {
  const cause = new Error('store down');
  const reply = await post(
    sealed('{"EventType":"user_leave_org","UserId":["u1"]}'),
    settingsFor(async () => {
      throw cause;
    }),
  );
  expect(reply).toMatchObject({ status: 503, reason: 'failed', cause });
  expect(reply.body).not.toContain('store');
});

test('an answer is never late: the event is to come again, and the work goes on', async () => {
  let finished = false;
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 120));
    finished = true;
    throw new Error('nobody hears this');
  };
  const settings = settingsFor(slow, { answerWithinMs: 30 });
  const reply = await post(sealed('{"EventType":"user_leave_org","UserId":["u1"]}'), settings);
  expect(reply).toMatchObject({ status: 503, reason: 'late' });
  await vi.waitFor(() => expect(finished).toBe(true));
});

// ── The corpus ────────────────────────────────────────────────────────────────────────────────────────────────────

const corpus = openCorpus<Entry>('callback-events', {
  'CB-061': 'a sign-in in flight needs the store of sessions',
  'CB-067': 'a method is the route’s',
  'CB-068': 'a method is the route’s',
});

const requestsOf = (entry: Entry) => requestsOfEntry(entry, { parts: PARTS, corpId: CORP_ID });

const refusals = new Set<string>();

corpus.each(
  ({ name }) => name,
  async (entry) => {
    const house = startHouse();
    const settings = settingsFor((told) => house.dispatch(told));
    // What is only replayed has happened before.
    const requests = requestsOf(entry);
    if (entry.mutation.replay) await post(requests[0]!, settings);
    const before = house.done.length;
    const replies = await Promise.all(requests.map((request) => post(request, settings)));
    const statuses = [entry.expect.status].flat();
    for (const reply of replies) {
      expect(statuses).toContain(reply.status);
      if (reply.status === 200) expect(readAnswer(reply.body)).toBe('success');
      else refusals.add(`${reply.status} ${reply.body}`);
    }
    if (entry.expect.sideEffect !== 'either') {
      expect(house.done.length > before, house.done.join()).toBe(entry.expect.sideEffect);
    }
  },
);

test('all forgeries hear the very same', () => {
  expect([...refusals]).toEqual(['403 {"error":{"code":"CALLBACK_REFUSED","message":"refused"}}']);
});

corpus.report({ total: 34, applying: 31 });
