import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CALLBACK_WINDOW_MS,
  type CallbackKeys,
  CallbackRefused,
  encryptText,
  openCallback,
  sealAnswer,
  sign,
} from '../../../lib/dingtalk/callback';
import { isCheck, parseEvent } from '../../../lib/dingtalk/event';
import { type Bytes, encrypt, PARTS, readAnswer, sealed, sha1, signed } from '../../support/callback';

const keys: CallbackKeys = { token: PARTS.token, aesKey: PARTS.aesKey, ownerKeys: [PARTS.ownerKey] };
const now = () => Number(PARTS.timestamp);
const open = (query: URLSearchParams, body: string | Uint8Array, more = {}) =>
  openCallback(query, body, { keys, now, ...more });
const refusalOf = (run: () => unknown): CallbackRefused => {
  try {
    run();
  } catch (error) {
    if (error instanceof CallbackRefused) return error;
    throw error;
  }
  throw new Error('not refused');
};

describe('the published way of encrypting', () => {
  const CHECK =
    'B4PcXgtThYsrOQnzxvXRUIxvQObioV3rQImCxPjIf/MjvYOsZ3MmTlMmYKbKU0rohAQa0MQZD89YLZiLVoAt/Sir9Q3cABN0PJSKeEsLEe6b0bUWu8F6rB0R2qOZwXHm';
  const SUCCESS = 'B4PcXgtThYsrOQnzxvXRUKd8lv9XnHzeVa55gWcGDb8sNzi6CzwDFdpZbAEg8M2zTBwgHuXNtZhd8PRAhulFHg==';
  const random = Buffer.from('0123456789abcdef');
  const { token, timestamp, nonce, aesKey, ownerKey } = PARTS;

  test.each([
    ['{"EventType":"check_url"}', CHECK, '71da420e9c16a77ae4854f5c15a693c3be3fb8c7'],
    ['success', SUCCESS, 'dca54ecd9711e9f1a2ee07f217bfbb02869a5147'],
  ])('%s', (text, cipher, signature) => {
    expect(encryptText(text, { aesKey, ownerKey, random })).toBe(cipher);
    expect(sign([token, timestamp, nonce, cipher])).toBe(signature);
    const query = new URLSearchParams({ msg_signature: signature, timestamp, nonce });
    expect(open(query, JSON.stringify({ encrypt: cipher }))).toEqual({ text, ownerKey, delivery: signature });
  });

  test('every length of text, which is every length of padding, there and back', () => {
    for (let length = 0; length < 70; length += 1) {
      const text = '汉'.repeat(length % 7) + 'x'.repeat(length);
      const { query, body } = sealed(text);
      expect(open(query, body).text).toBe(text);
      expect(readAnswer(JSON.stringify(sealAnswer(keys, { text })))).toBe(text);
    }
  });
});

describe('what is read', () => {
  const { query, body } = sealed('{}');
  const renamed = (from: string, to: string) => {
    const other = new URLSearchParams(query);
    other.set(to, other.get(from)!);
    other.delete(from);
    return other;
  };

  test('msg_signature or signature: each that is there has to be right', () => {
    for (const name of ['msg_signature', 'signature']) {
      const without = new URLSearchParams(query);
      without.delete(name);
      expect(open(without, body).text).toBe('{}');
      for (const wrong of ['x', '', 'a'.repeat(40), query.get(name)!.toUpperCase()]) {
        const mutated = new URLSearchParams(query);
        mutated.set(name, wrong);
        expect(refusalOf(() => open(mutated, body)).reason, `${name}=${wrong}`).toBe('signature');
      }
    }
  });

  test('timestamp or timeStamp: where both are there they have to agree', () => {
    expect(open(renamed('timestamp', 'timeStamp'), body).text).toBe('{}');
    const both = new URLSearchParams(query);
    both.set('timeStamp', PARTS.timestamp);
    expect(open(both, body).text).toBe('{}');
    for (const other of [String(now() + 1), '', 'x']) {
      both.set('timeStamp', other);
      expect(refusalOf(() => open(both, body)).reason, other).toBe('request');
    }
  });

  test.each(['msg_signature', 'signature', 'timestamp', 'timeStamp', 'nonce'])(
    '%s given twice is refused, whatever else is right',
    (name) => {
      const twice = new URLSearchParams(query);
      twice.set('timeStamp', PARTS.timestamp);
      twice.append(name, twice.get(name)!);
      expect(refusalOf(() => open(twice, body)).reason).toBe('request');
    },
  );

  test('bytes as well as text', () => {
    expect(open(query, Buffer.from(body)).text).toBe('{}');
    expect(refusalOf(() => open(query, Buffer.from([0xff, 0xfe]))).reason).toBe('request');
  });

  test('for either of our owner keys; the answer is for the same', () => {
    const parts = { ...PARTS, ownerKey: 'dingexample0001corp' };
    const both: CallbackKeys = { ...keys, ownerKeys: [PARTS.ownerKey, parts.ownerKey] };
    const sent = sealed('{}', parts);
    const { ownerKey } = openCallback(sent.query, sent.body, { keys: both, now });
    expect(ownerKey).toBe(parts.ownerKey);
    expect(readAnswer(JSON.stringify(sealAnswer(both, { ownerKey })), parts)).toBe('success');
    expect(refusalOf(() => open(sent.query, sent.body)).reason).toBe('owner-key');
  });
});

describe('the time', () => {
  const { query, body } = sealed('{}');
  const at = (offsetMs: number) => () => open(query, body, { now: () => now() + offsetMs });

  test.each([0, 40_000, -120_000, CALLBACK_WINDOW_MS, -CALLBACK_WINDOW_MS])('%i ms off is fine', (offset) => {
    expect(at(offset)().text).toBe('{}');
  });

  test.each([CALLBACK_WINDOW_MS + 1, -CALLBACK_WINDOW_MS - 1, 86_400_000, Number.NaN])(
    '%i ms off is refused',
    (offset) => {
      expect(refusalOf(at(offset)).reason).toBe('time');
    },
  );

  test('it is looked at only after the signature', () => {
    const forged = new URLSearchParams(query);
    forged.set('msg_signature', 'a'.repeat(40));
    expect(refusalOf(() => open(forged, body, { now: () => 0 })).reason).toBe('signature');
  });
});

describe('bytes that are wrong under a right signature', () => {
  const wrong: [string, Bytes][] = [
    ['padding 0', { pad: 0 }],
    ['padding 33', { pad: 33 }],
    ['padding 255', { pad: 255 }],
    ['mixed padding', { pad: 'mixed' }],
    ['padding over the whole', { pad: 'over' }],
    ['length 2^32-1', { len: 0xffffffff }],
    ['length 2^31', { len: 0x80000000 }],
    ['length past the end', { len: 'over' }],
    ['length 0', { len: 0 }],
    ['length 1 short', { len: 24 }],
    ['length 1 long', { len: 26 }],
  ];

  test.each(wrong)('%s', (_, bytes) => {
    const { query, body } = sealed('{"EventType":"check_url"}', PARTS, bytes);
    expect(refusalOf(() => open(query, body)).message).toBe('callback refused');
  });

  test.each(['', 'A', '====', 'AAAA', 'B4Pc XgtT', 'B4PcXgtThYsrOQnzxvXRUA==', '汉', 'A'.repeat(700_000)])(
    'a ciphertext like %.20s',
    (cipher) => {
      const { query, body } = signed(cipher);
      expect(refusalOf(() => open(query, body)).message).toBe('callback refused');
    },
  );

  test('text that is no UTF-8', () => {
    const cipher = encrypt('x', { ...PARTS });
    const bytes = Buffer.from(cipher, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = flipped[at]! ^ 0x80;
      const { query, body } = signed(flipped.toString('base64'));
      // A flip in the random bytes' block alone changes nothing that is read.
      try {
        expect(open(query, body).ownerKey).toBe(PARTS.ownerKey);
      } catch (error) {
        expect(error).toBeInstanceOf(CallbackRefused);
      }
    }
  });
});

describe('digits and letters that move over a border of the joined parts', () => {
  test('from the nonce into the timestamp and back', () => {
    const parts = { ...PARTS, nonce: '55abc' };
    const { query, body } = sealed('{}', parts);
    expect(open(query, body).text).toBe('{}');
    const shifted = new URLSearchParams(query);
    shifted.set('timestamp', `${parts.timestamp}5`);
    shifted.set('nonce', '5abc');
    const cipher = JSON.parse(body).encrypt;
    // The signature itself cannot tell.
    expect(sha1([parts.token, shifted.get('timestamp')!, '5abc', cipher])).toBe(query.get('signature'));
    expect(refusalOf(() => open(shifted, body)).reason).toBe('request');
  });

  test('from the ciphertext into the nonce', () => {
    const cipher = encrypt(`{"pad":"${'x'.repeat(200)}"}`, PARTS);
    const parts = { ...PARTS, nonce: '5' };
    const { query } = signed(cipher, parts);
    const shifted = new URLSearchParams(query);
    shifted.set('nonce', `5${cipher.slice(0, 128)}`);
    const body = JSON.stringify({ encrypt: cipher.slice(128) });
    expect(refusalOf(() => open(shifted, body)).message).toBe('callback refused');
  });
});

test('whatever is handed in, it opens or is refused, and nothing else happens', () => {
  const any = fc.record({
    names: fc.array(
      fc.constantFrom('msg_signature', 'signature', 'timestamp', 'timeStamp', 'nonce', 'encrypt'),
    ),
    value: fc.oneof(fc.string(), fc.constantFrom(PARTS.timestamp, PARTS.nonce, 'a'.repeat(40))),
    body: fc.oneof(fc.string(), fc.json(), fc.uint8Array(), fc.constant('{"encrypt":"AAAA"}')),
  });
  fc.assert(
    fc.property(any, ({ names, value, body }) => {
      const query = new URLSearchParams(names.map((name) => [name, value]));
      expect(refusalOf(() => open(query, body)).message).toBe('callback refused');
    }),
  );
});

test('what is encrypted and signed with our keys is opened as it was, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[\w-]{1,30}$/), (text, nonce) => {
      const { query, body } = sealed(text, { ...PARTS, nonce });
      expect(open(query, body).text).toBe(text);
    }),
  );
});

describe('an event in three spellings', () => {
  const at = 1645077203219;
  const leave = {
    type: 'member-left',
    id: '83546b',
    deduplicationKeys: [expect.stringMatching(/^[\w-]{43}$/)],
    corpId: 'dingexample',
    userIds: ['u1', 'u2'],
    departmentIds: [],
    roleIds: [],
    unionIds: [],
    at,
    wireType: 'user_leave_org',
  };

  test('old callback', () => {
    const event = {
      EventType: 'user_leave_org',
      CorpId: 'dingexample',
      UserId: ['u1', 'u2', 'u1'],
      OptStaffId: 'admin1',
      TimeStamp: String(at),
      eventId: '83546b',
    };
    expect(parseEvent(event)).toEqual(leave);
  });

  test('callback of the current pages', () => {
    const event = {
      EventType: 'user_leave_org',
      EventTime: at,
      CorpId: 'dingexample',
      BizId: 'b',
      eventId: '83546b',
      timeStamp: String(at),
      userId: ['u1', 'u2'],
    };
    expect(parseEvent(event)).toEqual(leave);
  });

  test('Stream, apart and merged', () => {
    const headers = {
      eventType: 'user_leave_org',
      eventId: '83546b',
      eventCorpId: 'dingexample',
      eventBornTime: String(at),
      topic: '*',
    };
    const data = { timeStamp: String(at), userId: ['u1', 'u2'] };
    expect(parseEvent(headers, data)).toEqual(leave);
    expect(parseEvent({ ...headers, eventBornTime: at, data })).toEqual(leave);
  });

  test.each([
    ['user_add_org', 'member-joined'],
    ['user_modify_org', 'member-changed'],
    ['user_active_org', 'member-activated'],
    ['org_admin_add', 'admin-added'],
    ['org_admin_remove', 'admin-removed'],
    ['org_dept_create', 'department-changed'],
    ['org_dept_modify', 'department-changed'],
    ['org_dept_remove', 'department-removed'],
    ['label_user_change', 'role-changed'],
    ['label_conf_modify', 'role-changed'],
    ['org_change', 'company-changed'],
    ['org_remove', 'company-changed'],
    ['bpms_instance_change', 'unknown'],
    ['constructor', 'unknown'],
    ['USER_LEAVE_ORG', 'unknown'],
  ])('%s is %s', (wireType, type) => {
    expect(parseEvent({ EventType: wireType })).toMatchObject({ type, wireType });
  });

  test('departments and roles are numbers, however they are written', () => {
    expect(
      parseEvent({ EventType: 'org_dept_remove', DeptId: [1, '22', 1, -3, 'x', 2 ** 60] }),
    ).toMatchObject({
      departmentIds: [1, 22],
    });
    const role = { EventType: 'label_user_change', UserIdList: ['u1'], LabelIdList: [41], action: 'add' };
    expect(parseEvent(role)).toMatchObject({ userIds: ['u1'], roleIds: [41] });
    expect(parseEvent({ eventtype: 'label_user_change', labelIdList: ['41'] })).toMatchObject({
      roleIds: [41],
    });
  });

  test('one person is a list of one; two spellings of a key both count', () => {
    expect(parseEvent({ EventType: 'user_leave_org', UserId: 'u1', userid: ['u2'] }).userIds).toEqual([
      'u1',
      'u2',
    ]);
  });

  test('what is no userid is left out', () => {
    const UserId = ['', null, {}, ['u9'], 'x'.repeat(65), true, 1.5, 7, '__proto__', 'constructor'];
    expect(parseEvent({ EventType: 'user_leave_org', UserId }).userIds).toEqual([
      '7',
      '__proto__',
      'constructor',
    ]);
  });

  test('without an id of its own it gets one from its content, the same each time', () => {
    const event = { EventType: 'user_leave_org', UserId: ['u1'], TimeStamp: String(at) };
    const { id } = parseEvent(event);
    expect(id).toHaveLength(43);
    expect(parseEvent({ ...event, BizId: 'x' }).id).toBe(id);
    expect(parseEvent({ ...event, UserId: ['u2'] }).id).not.toBe(id);
  });

  test('without an id and a time, only the request that it came with tells it from another', () => {
    const event = { EventType: 'user_leave_org', UserId: ['u1'] };
    const ids = ['first', 'first', 'second'].map((delivery) => parseEvent(event, undefined, delivery).id);
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toBe(ids[1]);
    const timed = { ...event, TimeStamp: String(at) };
    expect(parseEvent(timed, undefined, 'first').id).toBe(parseEvent(timed, undefined, 'second').id);
  });

  test('the list of undelivered callbacks names it as one of its twins, in whatever order and however rounded', () => {
    const callback = {
      EventType: 'user_leave_org',
      CorpId: 'dingexample',
      UserId: ['u2', 'u1'],
      EventTime: at - 5000,
      timeStamp: String(at),
      eventId: 'e1',
    };
    const { id, deduplicationKeys: twins } = parseEvent(callback);
    expect(id).toBe('e1');
    expect(twins).toHaveLength(2);
    for (const eventTime of [at, at - 5000, at - (at % 1000)]) {
      const listed = parseEvent({ eventType: 'user_leave_org', eventTime }, { userid: ['u1', 'u2'] });
      expect(twins).toContain(listed.deduplicationKeys[0]);
    }
    const others = [
      parseEvent({ eventType: 'user_leave_org', eventTime: at + 1000 }, { userid: ['u1', 'u2'] }),
      parseEvent({ eventType: 'user_add_org', eventTime: at }, { userid: ['u1', 'u2'] }),
      parseEvent({ eventType: 'user_leave_org', eventTime: at }, { userid: ['u1'] }),
    ];
    for (const other of others) expect(twins).not.toContain(other.deduplicationKeys[0]);
  });

  test.each([
    ['', ''],
    [['dingexample'], ''],
    [null, ''],
    [{}, ''],
    ['x'.repeat(129), ''],
    ['dingexample', 'dingexample'],
    [undefined, undefined],
  ])('a company like %j is %j: what cannot be read is nobody’s, not ours', (CorpId, corpId) => {
    const event = {
      EventType: 'user_leave_org',
      UserId: ['u1'],
      ...(CorpId === undefined ? {} : { CorpId }),
    };
    expect(parseEvent(event).corpId).toBe(corpId);
    const two = { ...event, eventCorpId: 'dingexample' };
    expect(parseEvent(two).corpId).toBe(corpId === '' ? '' : 'dingexample');
  });

  test('a person is a text or a number, alone or in a list', () => {
    for (const UserId of ['u1', ['u1']]) {
      expect(parseEvent({ EventType: 'user_leave_org', UserId }).userIds).toEqual(['u1']);
    }
    for (const UserId of [71, [71], '71'])
      expect(parseEvent({ EventType: 'user_leave_org', UserId }).userIds).toEqual(['71']);
  });

  test.each(['check_url', 'check_create_suite_url', 'check_update_suite_url'])(
    '%s only asks',
    (EventType) => {
      expect(isCheck(parseEvent({ EventType }))).toBe(true);
      expect(isCheck(parseEvent({ EventType: 'user_leave_org' }))).toBe(false);
    },
  );

  test.each([[null], [undefined], ['text'], [1], [[]], [true]])('%j is none', (value) => {
    expect(() => parseEvent(value)).toThrow(TypeError);
  });

  test('of whatever shape, it becomes a small clean value', () => {
    const names = fc.constantFrom(
      'EventType',
      'userId',
      'UserID',
      'deptId',
      'LabelIdList',
      'data',
      'TimeStamp',
      'eventId',
      '__proto__',
    );
    const object = fc.dictionary(fc.oneof(names, fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.jsonValue(), (value, data) => {
        const event = parseEvent(value, data);
        expect(event.id.length).toBeGreaterThan(0);
        expect(event.id.length).toBeLessThanOrEqual(128);
        for (const id of event.userIds) expect(id).toMatch(/^[\s\S]{1,64}$/);
        for (const id of [...event.departmentIds, ...event.roleIds])
          expect(Number.isSafeInteger(id)).toBe(true);
        expect(new Set(event.userIds).size).toBe(event.userIds.length);
        expect(parseEvent(value, data)).toEqual(event);
      }),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
