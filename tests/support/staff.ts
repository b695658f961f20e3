import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../../emulator/server';
import { type App, type AppOptions, startApp } from './app';
import { encrypt, PARTS, signed } from './callback';
import { send } from './raw-request';

/** What the callbacks of tests are signed and encrypted with. */
export const CALLBACK_ENV = {
  DINGTALK_CALLBACK_TOKEN: PARTS.token,
  DINGTALK_CALLBACK_AES_KEY: PARTS.aesKey,
};

/** Starts an app that takes callbacks, and has the emulator send it what happens in the company. */
export async function startListener(emulator: Emulator, options: Partial<AppOptions> = {}): Promise<App> {
  const app = await startApp({ emulator, ...options, env: { ...CALLBACK_ENV, ...options.env } });
  await subscribe(emulator, app);
  return app;
}

/** Has the emulator send an app what happens in the company. */
export async function subscribe(emulator: Emulator, app: Pick<App, 'url'>): Promise<void> {
  const subscription = { url: `${app.url}/api/dingtalk/events`, token: PARTS.token, aesKey: PARTS.aesKey };
  // The first request of its kind has the app load code: on a busy machine longer than DingTalk waits.
  for (let attempt = 1; ; attempt++) {
    try {
      await emulator.control.events.subscribe(subscription);
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** An event as DingTalk posts it, by the tests' own hand. */
export function callbackOf(
  emulator: Emulator,
  event: { EventType: string; UserId?: string[]; eventId?: string; [more: string]: unknown },
  at = Date.now(),
) {
  const parts = { ...PARTS, ownerKey: emulator.clientId, timestamp: String(at) };
  const text = JSON.stringify({ CorpId: emulator.corpId, TimeStamp: String(at), ...event });
  const { query, body } = signed(encrypt(text, parts), parts);
  return {
    method: 'POST',
    path: `/api/dingtalk/events?${query}`,
    headers: { 'content-type': 'application/json' },
    body,
  };
}

/** Posts an event. @returns the answer's status */
export async function postEvent(
  app: Pick<App, 'url'>,
  emulator: Emulator,
  event: Parameters<typeof callbackOf>[1],
  at?: number,
): Promise<number> {
  return (await send(app, callbackOf(emulator, event, at))).status;
}

/** Whether an app takes a cookie. */
export async function isIn(app: Pick<App, 'url'>, cookie: string): Promise<boolean> {
  const { status } = await send(app, { path: '/api/session', headers: { cookie } });
  if (status !== 200 && status !== 401) throw new Error(`/api/session answered ${status}`);
  return status === 200;
}

/** Milliseconds until an app no longer takes a cookie. @throws after 15 s */
export async function untilRefused(app: Pick<App, 'url'>, cookie: string): Promise<number> {
  const started = performance.now();
  while (await isIn(app, cookie)) {
    if (performance.now() - started > 15_000) throw new Error('still in after 15 s');
    await delay(25);
  }
  return performance.now() - started;
}

/** Waits until an app can sign people in: on a busy machine its first token may be late. */
export async function untilReady(app: Pick<App, 'url'>): Promise<void> {
  for (let tries = 0; !(await canSignIn(app)); tries++) {
    if (tries > 50) throw new Error('not ready');
    await delay(200);
  }
}

/** What `/api/ready` says of sign-ins. */
export async function canSignIn(app: Pick<App, 'url'>): Promise<boolean> {
  const { status, text } = await send(app, { path: '/api/ready' });
  return status === 200 && (JSON.parse(text) as { signIn: { ok: boolean } }).signIn.ok;
}
