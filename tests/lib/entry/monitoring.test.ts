// First: what it replaces of Next must be replaced before the app's modules ask for it.
import '../../support/in-process-app';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { informed } from '../../../lib/alarm';
import { sendToGroup } from '../../../lib/dingtalk/robot';
import { createTransport } from '../../../lib/dingtalk/transport';
import { CHECKS } from '../../../lib/doctor/checks';
import { alertMessage } from '../../../lib/entry/alert-message';
import { setGauges } from '../../../lib/entry/gauges';
import { createMetricsServer } from '../../../lib/entry/monitoring';
import { operatingState } from '../../../lib/entry/operating-state';
import { METRIC_LIST } from '../../../lib/metric-list';
import {
  countCall,
  countEndings,
  countSignIn,
  countVerdict,
  metricsText,
  observe,
} from '../../../lib/metrics';
import { signedIn, Visitor } from '../../support/http-session';
import { type InProcessApp, startInProcess } from '../../support/in-process-app';

const server = createMetricsServer();
let url: string;
let emulator: Emulator;
let app: InProcessApp;

beforeAll(async () => {
  emulator = await startEmulator({ members: 20, enforceQps: false });
  app = await startInProcess(emulator);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await app.close();
  await emulator.close();
});

async function scrape(): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  const lines = (await answer.text()).split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('sign-ins, calls and database operations are counted, with no person in them', async () => {
  const { userid } = emulator.company.people.find(({ active }) => active)!;
  await signedIn(app, emulator, userid);
  expect((await new Visitor(app).post('/api/session', { code: 'an-invented-code' })).status).toBe(401);
  setGauges(await operatingState());
  const found = await scrape();
  expect(found.get('dingpass_sign_ins_total{method="webview",outcome="ok"}')).toBe(1);
  expect(found.get('dingpass_sign_ins_total{method="webview",outcome="CODE_INVALID"}')).toBe(1);
  const exchange = 'api="/topapi/v2/user/getuserinfo"';
  expect(found.get(`dingpass_dingtalk_calls_total{${exchange},answer="ok"}`)).toBe(1);
  expect(found.get(`dingpass_dingtalk_calls_total{${exchange},answer="refused"}`)).toBe(1);
  expect(found.get('dingpass_database_seconds_count{operation="transaction"}')).toBeGreaterThan(0);
  expect(found.get('dingpass_ready')).toBe(1);
  expect(found.get('dingpass_sign_in_ok')).toBe(1);
  expect(found.get('dingpass_dingtalk_circuit_open{host="oapi"}')).toBe(0);
  expect(found.get('dingpass_signed_in_people')).toBe(1);
  expect(found.get('dingpass_queue_depth{queue="leavers"}')).toBe(0);
  expect(found.get('dingpass_monthly_calls_limit')).toBe(5000);
  // What is not known is absent, and no 0.
  expect([...found.keys()].filter((key) => /directory_age|stream_connected/.test(key))).toEqual([]);
  const text = [...found.keys()].join('\n');
  for (const person of emulator.company.people) {
    expect(text).not.toContain(person.userid);
    expect(text).not.toContain(person.name);
  }
});

test('what there is none of, or is not known any more, is absent', async () => {
  const unknown = { directory: undefined, queues: undefined, online: undefined, calls: undefined };
  setGauges({ ...(await operatingState()), ...unknown });
  const gone =
    /^dingpass_(?:sessions|signed_in_people|queue_depth|monthly_calls\{|directory_(?:age|state|people))/;
  expect([...(await scrape()).keys()].filter((key) => gone.test(key))).toEqual([]);
  setGauges(await operatingState());
  expect((await scrape()).get('dingpass_signed_in_people')).toBe(1);
});

test('only GET /metrics is answered', async () => {
  for (const path of ['/', '/metrics/x', '/api/ready', '/.dingpass/verify/nginx'])
    expect((await fetch(url + path)).status, path).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(404);
});

test('what the doctor found is there by check and outcome, a series for each check', async () => {
  const state = await operatingState();
  const about = { circle: 'local', assumed: false, values: { userIds: 'a-person' } } as const;
  const findings = CHECKS.map(({ id }) => ({ ...about, id, textId: id, outcome: 'ok' }) as const);
  setGauges({ ...state, findings });
  const series = async () => [...(await scrape()).keys()].filter((key) => key.startsWith('dingpass_doctor{'));
  expect(await series()).toHaveLength(CHECKS.length);
  const [first] = findings;
  setGauges({ ...state, findings: [{ ...first!, outcome: 'bad' }] });
  expect(await series()).toEqual([`dingpass_doctor{check="${first!.id}",outcome="bad"}`]);
  setGauges({ ...state, findings });
});

test('at most 300 series, whatever happens, and at most 20 ms of processor time for a scrape', async () => {
  for (let each = 0; each < 500; each++) {
    countCall(`/v1.0/api-${each}`, ['ok', 'refused', 'throttled', 'unreachable', 'malformed'][each % 5]!);
    countSignIn(`way-${each}`, `OUTCOME_${each}`);
    countVerdict(`verdict-${each}`);
    countEndings(`cause-${each}`, 1);
  }
  observe(
    'sessions',
    ['android', 'ios', 'harmony', 'windows', 'mac', 'browser', 'other'].map((client) => ({
      labels: { client },
      value: 1,
    })),
  );
  const found = await scrape();
  expect(found.size).toBeLessThanOrEqual(300);
  expect(found.get('dingpass_dingtalk_calls_total{api="other",answer="other"}')).toBeGreaterThan(400);
  const before = process.cpuUsage();
  for (let each = 0; each < 20; each++) await metricsText();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000 / 20).toBeLessThanOrEqual(20);
});

test('every metric is told in both languages, with its unit where it has one', () => {
  for (const { name, kind, en, zh } of METRIC_LIST) {
    expect(en, name).not.toBe('');
    expect(zh, name).not.toBe('');
    expect(name.endsWith('_total'), name).toBe(kind === 'counter');
  }
});

test('an alert reaches the group, signed, in both languages; a wrong secret does not', async () => {
  const { webhook, secret } = emulator.control.robot();
  const robot = { webhook: new URL(webhook), secret };
  const transport = createTransport();
  const text = alertMessage(
    [
      { alert: 'sign-in', isOver: false },
      { alert: 'events', isOver: true },
    ],
    { ok: false, reason: 'permission-missing' },
  );
  await sendToGroup(robot, text, { transport });
  const [message] = emulator.control.robot().messages;
  expect(message?.text).toMatch(
    /登录出错：[\s\S]*Stream 连接已恢复。[\s\S]*Sign-ins fail: [\s\S]*The Stream connection works again\./,
  );
  for (const wrong of [
    { ...robot, secret: 'SEC0000000000000000000000000000000000' },
    { ...robot, webhook: new URL('/robot/send?access_token=another', webhook) },
  ])
    await expect(sendToGroup(wrong, text, { transport })).rejects.toThrow(/310000|300005/);
  await expect(sendToGroup(robot, text, { transport, at: Date.now() - 7_200_000 })).rejects.toThrow('310000');
  for (let more = 0; more < 19; more++) await sendToGroup(robot, text, { transport });
  await expect(sendToGroup(robot, text, { transport })).rejects.toThrow('130101');
});

test('a page says that the operators know only while they do', async () => {
  emulator.control.fault({
    endpoint: 'userinfo',
    times: 'always',
    fault: { kind: 'errcode', errcode: 60011 },
  });
  const { userid } = emulator.company.people.find(({ active }) => active)!;
  const failed = async () => {
    const code = emulator.control.mintCode(userid);
    return (await new Visitor(app).post('/api/session', { code })).json.error.nextStep;
  };
  expect(await failed()).not.toContain('运维人员已收到通知');
  informed().add('sign-in');
  expect(await failed()).toContain('运维人员已收到通知');
  informed().clear();
  emulator.control.clearFaults();
});
