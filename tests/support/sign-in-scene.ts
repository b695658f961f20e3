import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import type { Emulator } from '../../emulator/server';
import { type App, SESSION_SECRET } from './app';
import type { Answer } from './http-session';
import { Visitor } from './http-session';
import type { InProcessApp } from './in-process-app';

/** An entry of the corpus of DingTalk's failures: what fails, and what a person may see of it. */
export interface Entry {
  id: string;
  class: string;
  endpoint: 'any' | 'token' | 'userinfo' | 'userdetail';
  name: string;
  fault: { kind: string; [parameter: string]: unknown };
  times: number | 'always';
  expect: {
    outcome: 'signed-in' | 'refused' | 'either';
    httpStatus: number[];
    errorCode: string | null;
    userMessageZh: string;
    retryButton: boolean | null;
    maxUpstreamCallsThisEndpoint: number;
    maxTokenFetches: number | null;
    sessionCookieSet: boolean | 'only when signed in';
    deadlineMs: number;
  };
}

const COOKIE = 'dingpass';
export const TOKEN = '/v1.0/oauth2/accessToken';
export const USERINFO = '/topapi/v2/user/getuserinfo';
export const USERDETAIL = '/topapi/v2/user/get';
export const PATHS = {
  token: [TOKEN],
  userinfo: [USERINFO],
  userdetail: [USERDETAIL],
  any: [TOKEN, USERINFO, USERDETAIL],
};

/** An app, its DingTalk, and somebody who was signed in before anything failed. */
export interface Stage {
  emulator: Emulator;
  app: App | InProcessApp;
  member: Visitor;
  /** Every app token that was seen alive. */
  tokens: Set<string>;
}

/** What one sign-in in the middle of a fault came to. */
export interface Scene {
  answer: Answer;
  ms: number;
  /** Calls by path since the scene began. */
  calls: Record<string, number>;
  /** What the app wrote meanwhile. */
  log: string;
}

/** One person signs in while another, who is in, goes on working. */
export async function play(
  stage: Stage,
  options: { userid?: string; signIns?: number } = {},
): Promise<Scene[]> {
  const { emulator, app, member } = stage;
  const before = emulator.control.calls().byEndpoint;
  const logged = app.output().length;
  const userid = options.userid ?? emulator.company.people[1]!.userid;
  const codes = Array.from({ length: options.signIns ?? 1 }, () => emulator.control.mintCode(userid));
  const [answers] = await Promise.all([
    Promise.all(
      codes.map(async (code) => {
        const started = performance.now();
        const answer = await new Visitor(app).post('/api/session', { code });
        return { answer, ms: performance.now() - started };
      }),
    ),
    delay(30).then(() => goesOnWorking(member, app)),
  ]);
  await goesOnWorking(member, app);
  await delay(20);
  const after = emulator.control.calls().byEndpoint;
  const calls = Object.fromEntries(
    Object.keys(after).map((path) => [path, after[path]! - (before[path] ?? 0)]),
  );
  const log = app.output().slice(logged);
  const secrets = [
    emulator.clientSecret,
    SESSION_SECRET,
    ...codes,
    ...stage.tokens,
    ...member.cookies.values(),
  ];
  for (const { answer } of answers) {
    const said = answer.text + JSON.stringify([...answer.headers].filter(([name]) => name !== 'set-cookie'));
    for (const secret of secrets) expect(said + log).not.toContain(secret);
    expectOneLine(answer, log);
  }
  if ('process' in app) expect(app.process.exitCode).toBeNull();
  return answers.map(({ answer, ms }) => ({ answer, ms, calls, log }));
}

async function goesOnWorking(member: Visitor, app: Stage['app']): Promise<void> {
  const session = await member.ask('/api/session');
  expect(session.status).toBe(200);
  if (!('process' in app)) return;
  const page = await member.ask('/');
  expect(page.status).toBe(200);
  expect(page.text).toContain(session.json.member.name);
}

/** The person's request id is in exactly one line of the log, with the outcome. */
function expectOneLine(answer: Answer, log: string): void {
  const requestId = answer.headers.get('x-request-id')!;
  const lines = log.split('\n').filter((line) => line.includes(requestId));
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0]!);
  expect(line).toMatchObject({ event: 'sign-in', requestId });
  expect(line.outcome).toMatch(answer.status === 200 ? /^ok$/ : /^[a-z-]+$/);
  expect(line.ms).toBeGreaterThanOrEqual(0);
  expect(line.upstreamCalls).toBeGreaterThanOrEqual(0);
  if (answer.status !== 200) {
    expect(line.code).toBe(answer.json.error.code);
    expect(answer.json.error.requestId).toBe(requestId);
  }
}

/** Checks one answer against what the corpus allows. */
export function judge({ expect: allowed, endpoint }: Entry, { answer, ms, calls, log }: Scene): void {
  expect(allowed.httpStatus, `${answer.text}\n${log}`).toContain(answer.status);
  expect(ms).toBeLessThan(allowed.deadlineMs);
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(answer.headers.get('cache-control')).toBe('private, no-store');
  const cookies = answer.headers.getSetCookie().filter((line) => line.startsWith(`${COOKIE}=`));
  if (answer.status === 200) {
    expect(allowed.outcome).not.toBe('refused');
    expect(cookies).toHaveLength(1);
    expect(cookies[0]!.length).toBeLessThan(4096);
    expect(answer.json.member.userId).not.toBe('');
  } else {
    expect(allowed.outcome).not.toBe('signed-in');
    expect(cookies).toEqual([]);
    const { error } = answer.json;
    if (allowed.errorCode !== null) {
      expect(error, log).toMatchObject({
        code: allowed.errorCode,
        message: allowed.userMessageZh,
        retry: allowed.retryButton,
      });
    }
    expect(error.nextStep).not.toBe('');
    if (answer.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  for (const path of PATHS[endpoint]) {
    expect(calls[path] ?? 0).toBeLessThanOrEqual(allowed.maxUpstreamCallsThisEndpoint);
  }
  if (allowed.maxTokenFetches !== null) {
    expect(calls[TOKEN] ?? 0).toBeLessThanOrEqual(allowed.maxTokenFetches);
  }
}

/** Arms a fault. A fault of the token is met when the token that the app has is refused. */
export function arm(
  { emulator }: Pick<Stage, 'emulator'>,
  { endpoint, fault, times }: Pick<Entry, 'endpoint' | 'fault' | 'times'>,
): void {
  const { control } = emulator;
  if (endpoint === 'token') control.revokeTokens();
  control.fault({ endpoint, times, fault: fault as FaultInput });
}
