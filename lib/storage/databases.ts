import 'server-only';
import type { Database } from './database';
export function directoryDatabase(): Database {
  throw new Error('not yet');
}
