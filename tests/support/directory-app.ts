import { setTimeout as delay } from 'node:timers/promises';
import { type App, type AppOptions, startApp } from './app';
import type { Visitor } from './http-session';
import { canSignIn } from './staff';

/** Starts the built app with its directory switched on, and waits until people can sign in. */
export async function startDirectoryApp({ env, ...options }: AppOptions): Promise<App> {
  const app = await startApp({
    ...options,
    env: { DIRECTORY_SYNC: 'on', DIRECTORY_CALLS_PER_SECOND: '200', ...env },
  });
  for (let waited = 0; waited < 20_000; waited += 100) {
    if (await canSignIn(app)) return app;
    await delay(100);
  }
  throw new Error(`nobody can sign in:\n${app.output()}`);
}

/** Waits until the first reading has been published. */
export async function untilRead(visitor: Visitor): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 100) {
    const { json } = await visitor.ask('/api/directory/search?q=a');
    if (json.state !== 'none') return;
    await delay(100);
  }
  throw new Error('the directory was not read in time');
}

/** Starts a run as the page's button does and waits until it has ended. */
export async function syncNow(
  administrator: Visitor,
  origin: string,
  form: Record<string, string> = {},
): Promise<void> {
  const { status, text } = await administrator.ask('/api/admin/sync', {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams(form),
  });
  if (status !== 303) throw new Error(`the sync was refused: ${status} ${text}`);
  for (let waited = 0; waited < 20_000; waited += 50) {
    const { json } = await administrator.ask('/api/admin/sync');
    if (json.running === undefined) return;
    await delay(50);
  }
  throw new Error('the sync did not end in time');
}
