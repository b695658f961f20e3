import { join } from 'node:path';
import { createClient } from '../lib/dingtalk/client';
import { createSyncStore } from '../lib/directory/sync/run-store';
import { sync } from '../lib/directory/sync/sync';
import { migrate } from '../lib/storage/migrate';
import { directoryMigrations } from '../lib/storage/migrations';
import { openSqlite } from '../lib/storage/sqlite';
import type { EmulatorProcess } from './emulator-process';

/** An employee of the emulator's company. */
export interface Person {
  userid: string;
  name: string;
}

/** The first so many people of a company who can sign in: some employees have not activated their account. */
export async function peopleOf(emulator: EmulatorProcess, count: number): Promise<Person[]> {
  const found: Person[] = [];
  for (let offset = 0; found.length < count; offset += 100) {
    const { people, total } = (await emulator.control(`people?offset=${offset}`)) as {
      people: (Person & { active: boolean })[];
      total: number;
    };
    if (offset >= total) throw new Error(`only ${found.length} people of the company can sign in`);
    found.push(...people.filter(({ active }) => active));
  }
  return found.slice(0, count);
}

/**
 * A one-time code, as DingTalk's client would hand it to a page.
 *
 * @param clientId the app that it is for; the main one by default
 */
export async function codeFor(
  emulator: EmulatorProcess,
  { userid }: Person,
  clientId?: string,
): Promise<string> {
  return ((await emulator.control('codes', { userid, clientId })) as { code: string }).code;
}

/** Reads the whole directory into a folder of data, far above DingTalk's pace: an app that starts there has it. */
export async function readDirectory(emulator: EmulatorProcess, dataDir: string): Promise<void> {
  const db = await openSqlite(join(dataDir, 'directory.db'));
  try {
    await migrate(db, directoryMigrations);
    await emulator.control('settings', { qps: 100_000 });
    const client = createClient({ ...emulator, apiUrl: emulator.url, oapiUrl: emulator.url });
    const pace = { callsPerSecond: 1000 };
    const outcome = await sync({ store: createSyncStore(() => db), client, startedBy: 'command', pace });
    if (outcome.kind !== 'ran' || outcome.run.state !== 'complete')
      throw new Error('the directory was not read');
  } finally {
    await db.close();
  }
}
