import 'server-only';
import { accessSchema } from './access-schema';
import { auditSchema } from './audit-schema';
import { directorySchema } from './directory-schema';
import { sessionSchema } from './session-schema';

/** A step in the life of the database's shape. Its name is written down when it has been taken: never change either. */
export interface Migration {
  name: string;
  sql: string;
}

/** The first migration of version 0.1, whose files are not carried over. */
export const FIRST_VERSION = 'directory-1';

const ownerSchema = `
CREATE TABLE database_owner (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  corp_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  api_url TEXT NOT NULL
);
`;

/** What every command needs: whose the database is. */
export const ownerMigrations: readonly Migration[] = [{ name: 'database-owner-1', sql: ownerSchema }];

/** Every table that this app keeps. */
export const migrations: readonly Migration[] = [
  ...ownerMigrations,
  { name: 'directory', sql: directorySchema },
  { name: 'sessions', sql: sessionSchema },
  { name: 'audit', sql: auditSchema },
  { name: 'access', sql: accessSchema },
];
