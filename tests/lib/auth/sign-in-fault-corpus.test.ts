import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import corpus from '../../corpora/upstream-faults.json';
import { learnToken } from '../../support/app-pool';
import { entries, plainEntries } from '../../support/fault-corpus';
import { signedIn } from '../../support/http-session';
import { type InProcessApp, startInProcess } from '../../support/in-process-app';
import { arm, judge, play, type Stage } from '../../support/sign-in-scene';

/**
 * Every entry of the corpus that one sign-in shows, each with an app that has just started, in this process. Over HTTP,
 * with the built app, one of each kind, and those that take more: tests/app/faults.test.ts.
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

test.each(plainEntries.map((entry) => [entry.id, entry.endpoint, entry.name, entry] as const))(
  '%s (%s: %s)',
  async (_id, _endpoint, _name, entry) => {
    const member = await signedIn(app, emulator, emulator.company.people[0]!.userid);
    const stage: Stage = { emulator, app, member, tokens: new Set<string>() };
    await learnToken(stage);
    arm(stage, entry);
    judge(entry, (await play(stage))[0]!);
  },
);

test('these are all of the corpus but the eight scenes of their own', () => {
  expect([entries.length, plainEntries.length]).toEqual([corpus.count, corpus.count - 8]);
});
