import 'server-only';
import { AsyncLocalStorage } from 'node:async_hooks';

const store = globalThis as unknown as Record<symbol, unknown>;

/**
 * Makes a function that creates its value once for the whole process. Next bundles pages, routes and the boot code
 * apart, so that a variable of a module exists several times: a token would be fetched, a limit counted, once in each.
 *
 * @param name unique in this project
 */
export function singleton<T>(name: string, create: () => T): () => T {
  const key = Symbol.for(`dingpass.${name}`);
  return () => {
    store[key] ??= outsideRequest(create);
    return store[key] as T;
  };
}

const OUTSIDE = Symbol.for('dingpass.outside-request');

/**
 * Runs what outlives the request that begins it: work that others wait for too, timers, connections that are kept.
 * Node.js 20 hangs the current AsyncLocalStorage values on every promise, timer and socket, Node.js 24 on the latter two
 * and on pending promises. Next's hold the whole request, its answer and its socket: some 35 KB for as long as the
 * promise or the timer lives.
 *
 * @param action must not use `headers()`, `cookies()` or `after()`: there is no request for them
 */
export function outsideRequest<T>(action: () => T): T {
  // First called at boot, where there is no request.
  store[OUTSIDE] ??= AsyncLocalStorage.snapshot();
  return (store[OUTSIDE] as <R>(run: () => R) => R)(action);
}
