import { expect, test } from 'vitest';
import { startEmulator } from '../../../../emulator/server';
import { createSyncStore } from '../../../../lib/directory/sync/run-store';
import { sync } from '../../../../lib/directory/sync/sync';
import { directoryMigrations } from '../../../../lib/storage/migrations';
import { openTestDatabase } from '../../../support/databases';
import { clientOf, expectExact, FAST } from '../../../support/directory';
import { noted } from '../../../support/directory-store-suite';

test('on PostgreSQL a company is read exactly, again without a change, and with what has changed', async () => {
  const emulator = await startEmulator({ members: 400, departments: 40, enforceQps: false });
  const db = await openTestDatabase('postgres', directoryMigrations);
  const store = createSyncStore(() => db);
  const read = async () => {
    const outcome = await sync({ store, client: clientOf(emulator), startedBy: 'command', pace: FAST });
    expect(outcome.kind).toBe('ran');
    await expectExact({ store }, emulator.company);
    return outcome.kind === 'ran' ? outcome.run : undefined;
  };
  try {
    expect(await read()).toMatchObject({ state: 'complete', added: 400 });
    // A row that is written anew gets another transaction's number.
    const written = () =>
      db.all(
        `SELECT max(xmin::text::bigint) AS last FROM directory_person UNION ALL
         SELECT max(xmin::text::bigint) FROM directory_place UNION ALL
         SELECT max(xmin::text::bigint) FROM directory_key UNION ALL
         SELECT max(xmin::text::bigint) FROM directory_text UNION ALL
         SELECT max(xmin::text::bigint) FROM directory_department`,
      );
    const before = await written();
    expect(await read()).toMatchObject({ state: 'complete', added: 0, changed: 0, removed: 0 });
    expect(await written()).toEqual(before);
    const [left, renamed, moved] = emulator.company.people.slice(10, 13).map(({ userid }) => userid);
    emulator.control.fire(left!);
    emulator.control.patchPerson(renamed!, { name: '欧阳新名', active: false });
    emulator.control.move(moved!, [1]);
    emulator.control.hire({ userid: 'new.person', departmentIds: [1] });
    const sortedIn = async () =>
      expect(await db.get("SELECT gin_clean_pending_list('directory_text_words') AS pages")).toEqual({
        pages: 0,
      });
    await sortedIn();
    expect(await read()).toMatchObject({ state: 'complete', removed: 1 });
    // Searches do not read through rows that the index has not sorted in.
    await sortedIn();
    await store.note(noted('new.person', { record: { name: '又一人', active: true } }), Date.now());
    await sortedIn();
  } finally {
    await db.close();
    await emulator.close();
  }
}, 60_000);
