import 'server-only';

const store = globalThis as unknown as Record<symbol, unknown>;

/**
 * Makes a function that creates its value once for the whole process. Next bundles pages, routes and the boot code
 * apart, so that a variable of a module exists several times: a token would be fetched, a limit counted, once in each.
 *
 * @param name unique in this project
 */
export function processWide<T>(name: string, create: () => T): () => T {
  const key = Symbol.for(`dingpass.${name}`);
  return () => {
    store[key] ??= create();
    return store[key] as T;
  };
}
