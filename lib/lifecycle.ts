import 'server-only';
import type { Server } from 'node:http';
import { singleton } from './singleton';

/** Where this process stands between its start and its end. `start.mjs` makes it, where the process began there. */
export const lifecycle = singleton('lifecycle', () => ({
  /** `start.mjs` sees to the signals; false: under `next dev`, Next does. */
  isManaged: false,
  /** A signal has come: load balancers should send no more here. */
  draining: false,
  /** Servers of this process besides Next's: they stop when it does. */
  otherServers: [] as Server[],
  /** Writes down what is still in memory. */
  settle: async (): Promise<void> => undefined,
}));
