import 'server-only';
import { mkdirSync } from 'node:fs';
import { config } from '../config';
import { singleton } from '../singleton';
import { databaseFiles } from './databases';
import { directoryMigrations } from './migrations';
import { openDatabase } from './sqlite';

/** The directory's file over synchronous calls. */
export const database = singleton('database', () => {
  mkdirSync(config().dataDir, { recursive: true, mode: 0o700 });
  return openDatabase(databaseFiles().directory, directoryMigrations);
});
