import { setTimeout as delay } from 'node:timers/promises';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from './app';
import { signedIn, Visitor } from './http-session';

/** An app and an emulator of their own, so that several faults can be shown at the same time. */
export interface Lane {
  emulator: Emulator;
  app: App;
  /** Somebody who signed in before anything failed. */
  member: Visitor;
  /** Every app token that was seen alive. */
  tokens: Set<string>;
}

export interface Lanes {
  /** Waits for a free lane, runs the scene in it, and leaves it healthy behind. */
  run<T>(scene: (lane: Lane) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Makes lanes, all with the same settings of the app. */
export async function createLanes(count: number, env: Record<string, string> = {}): Promise<Lanes> {
  const lanes = await Promise.all(Array.from({ length: count }, () => createLane(env)));
  const free = [...lanes];
  const waiting: ((lane: Lane) => void)[] = [];
  return {
    async run(scene) {
      const lane = free.pop() ?? (await new Promise<Lane>((resolve) => waiting.push(resolve)));
      try {
        return await scene(lane);
      } finally {
        await heal(lane, env);
        const next = waiting.shift();
        if (next) next(lane);
        else free.push(lane);
      }
    },
    close: async () => {
      for (const lane of lanes) await Promise.all([lane.app.close(), lane.emulator.close()]);
    },
  };
}

async function createLane(env: Record<string, string>): Promise<Lane> {
  const emulator = await startEmulator({ enforceQps: false });
  const app = await startApp({ emulator, env });
  const member = await firstSignIn(app, emulator);
  const lane = { emulator, app, member, tokens: new Set<string>() };
  await learnToken(lane);
  return lane;
}

/** On a machine with too much to do, the first answers of a new process may be late. */
async function firstSignIn(app: App, emulator: Emulator): Promise<Visitor> {
  for (let left = 5; ; left--) {
    try {
      return await signedIn(app, emulator, emulator.company.people[0]!.userid);
    } catch (error) {
      if (left === 0) throw error;
      await delay(1000);
    }
  }
}

/**
 * Where a fault has left a mark that takes seconds to go (an open circuit, a held refusal), the lane gets a new app:
 * that the app recovers by itself is shown elsewhere.
 */
async function heal(lane: Lane, env: Record<string, string>): Promise<void> {
  const { emulator } = lane;
  emulator.control.clearFaults();
  emulator.control.settings({ latencyMs: 0, tokenLifeSeconds: 7200, ipWhitelist: [] });
  const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
  const answer = await new Visitor(lane.app).post('/api/session', { code }).catch(() => undefined);
  if (answer?.status !== 200 || lane.app.process.exitCode !== null) {
    await lane.app.close();
    lane.app = await startApp({ emulator, env });
    await firstSignIn(lane.app, emulator);
    const cookies = lane.member.cookies;
    lane.member = new Visitor(lane.app);
    for (const [name, value] of cookies) lane.member.cookies.set(name, value);
  }
  await learnToken(lane);
}

/** While a token lives, DingTalk gives the same one to whoever asks: so a test learns what the app has. */
export async function learnToken({ emulator, tokens }: Pick<Lane, 'emulator' | 'tokens'>): Promise<void> {
  const response = await fetch(`${emulator.url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
  });
  tokens.add(((await response.json()) as { accessToken: string }).accessToken);
}
