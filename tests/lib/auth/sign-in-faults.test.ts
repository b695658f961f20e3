import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FaultInput } from '../../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { learnToken } from '../../support/app-pool';
import { entries } from '../../support/fault-corpus';
import { toEntry, variants } from '../../support/fault-variants';
import { signedIn, Visitor } from '../../support/http-session';
import { type InProcessApp, startInProcess } from '../../support/in-process-app';
import { freePort } from '../../support/port';
import { arm, judge, play, type Stage } from '../../support/sign-in-scene';

/**
 * What a person sees of each failure of DingTalk's: from the sign-in's handler down to the emulator's socket, each with
 * an app that has just started. Over HTTP, with the built app: tests/app/faults.test.ts.
 */

let emulator: Emulator;
let app: InProcessApp;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.control.clearFaults();
  app = await startInProcess(emulator);
});
afterEach(() => app.close());

describe('the app has its token, and then', () => {
  test.each(variants)('%s: %s', async (...variant) => {
    const entry = toEntry(variant);
    const member = await signedIn(app, emulator, emulator.company.people[0]!.userid);
    const stage: Stage = { emulator, app, member, tokens: new Set<string>() };
    await learnToken(stage);
    arm(stage, entry);
    judge(entry, (await play(stage))[0]!);
  });
});

describe('the app never had a token, and', () => {
  const everything = entries.filter(
    ({ endpoint, times, fault }) => endpoint === 'any' && times === 'always' && fault.kind !== 'tls',
  );
  test.each(everything.map((entry) => [entry.id, entry.name, entry] as const))(
    '%s (%s)',
    async (_id, _name, entry) => {
      emulator.control.fault({ endpoint: 'any', times: 'always', fault: entry.fault as FaultInput });
      const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
      const started = performance.now();
      const answer = await new Visitor(app).post('/api/session', { code });
      judge(entry, { answer, ms: performance.now() - started, calls: {}, log: '' });
      expect(app.output()).not.toContain(emulator.clientSecret);
    },
  );
});

test.each([
  ['a name that does not resolve', async () => 'http://dingtalk.invalid'],
  ['a port where nobody listens', async () => `http://127.0.0.1:${await freePort()}`],
])('%s', async (_, address) => {
  await app.close();
  app = await startInProcess(emulator, { DINGTALK_OAPI_URL: await address() });
  const entry = entries.find(({ id }) => id === 'UF-014')!;
  const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
  const started = performance.now();
  const answer = await new Visitor(app).post('/api/session', { code });
  judge(entry, { answer, ms: performance.now() - started, calls: {}, log: '' });
  expect(app.output()).not.toContain(emulator.clientSecret);
});
