import 'server-only';
import { accessSchema } from './access-schema';
import { auditSchema } from './audit-schema';
import type { Dialect } from './dialect';
import { directorySchema } from './directory-schema';
import { jsapiTicketSchema } from './jsapi-ticket-schema';
import { keySchema } from './key-schema';
import { noticeSchema } from './notice-schema';
import { sessionMethodSchema, sessionSchema } from './session-schema';
import { signInSchema } from './sign-in-schema';
import { ticketSchema } from './ticket-schema';

/** A step in the life of the database's shape. Its name is written down when it has been taken: never change either. */
export interface Migration {
  name: string;
  /** Several statements, in SQLite's spelling. @see Dialect.schema */
  sql: string | ((dialect: Dialect) => string);
}

const ownerSchema = `
CREATE TABLE database_owner (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  corp_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  api_url TEXT NOT NULL
);
`;

/** What every command needs: whose the database is. */
const ownerMigrations: readonly Migration[] = [{ name: 'database-owner-1', sql: ownerSchema }];

/** What must not be lost: sessions and their endings, events, the audit, access rules, used codes, notices. */
export const recordsMigrations: readonly Migration[] = [
  ...ownerMigrations,
  { name: 'sessions', sql: sessionSchema },
  { name: 'audit', sql: auditSchema },
  { name: 'access', sql: accessSchema },
  { name: 'tickets', sql: ticketSchema },
  { name: 'sign-in', sql: signInSchema },
  { name: 'notices', sql: noticeSchema },
  { name: 'jsapi-ticket', sql: jsapiTicketSchema },
  { name: 'session-keys', sql: keySchema },
  { name: 'session-methods', sql: sessionMethodSchema },
];

/** What can be read from DingTalk again. */
export const directoryMigrations: readonly Migration[] = [
  ...ownerMigrations,
  { name: 'directory', sql: directorySchema },
];

/** Every table that this app keeps, where all of them are in one database. */
export const migrations: readonly Migration[] = [...recordsMigrations, ...directoryMigrations.slice(1)];
