import 'server-only';
import type { Statements } from '../../storage/database';
import { noteLeavers } from '../../storage/leavers';
import { type PersonChange, recordOf, removePeople, sortInTexts, writePeople } from '../rows';
import { writeAdministrators } from '../write';
import { publishNewcomers } from './newcomers';
import { publishDepartments } from './publish-departments';
import { publishPlaces, publishRoles, publishToldPlaces } from './publish-places';
import { forgetPerson, placelessPeople, unseenPeople } from './read-people';
import { MAX_SHRINK, type StoredRun, type Verdict } from './run';
import { endRun, endWithout, type RunRow, requireRun } from './runs';

/**
 * Publishing: one transaction applies what differs from what is published, some people at a time, so that nothing else
 * in the process waits. Readers see what was before until it ends, and a crash leaves that.
 */

/** Some ten milliseconds of work. */
const AT_ONCE = 100;

export async function publish(tx: Statements, verdict: Verdict): Promise<StoredRun> {
  const run = await requireRun(tx);
  await analyze(tx, ['run_person', 'run_place', 'run_key', 'run_text', 'run_role_member']);
  const before = await countPublished(tx);
  if (verdict.peopleComplete && !verdict.acceptShrink && (await countUnseen(tx)) > before * MAX_SHRINK) {
    return endWithout(tx, run.id, 'shrunk', verdict.calls);
  }
  // Nobody asked after them. Without a department they would be everybody's to see.
  if (!verdict.peopleComplete) for (const userId of await placelessPeople(tx)) await forgetPerson(tx, userId);
  await publishDepartments(tx, verdict.peopleComplete);
  const removed = verdict.peopleComplete ? await removeUnseen(tx) : 0;
  const changed = await publishChanges(tx);
  const added = await publishNewcomers(tx);
  await publishPlaces(tx, verdict.peopleComplete);
  await publishToldPlaces(tx);
  if (verdict.rolesComplete) await publishRoles(tx);
  if (verdict.administratorsComplete) {
    const list = JSON.parse(run.administrators ?? '[]') as { userId: string; main: boolean }[];
    await writeAdministrators(tx, list);
  }
  await sortInTexts(tx);
  if (added + changed + removed > 0)
    await analyze(tx, ['directory_person', 'directory_place', 'directory_key', 'directory_text']);
  return moveHead(tx, { run, verdict, people: before + added - removed, added, changed, removed });
}

async function analyze(tx: Statements, tables: readonly string[]): Promise<void> {
  const sql = tx.dialect.analyze?.(tables);
  if (sql) await tx.run(sql);
}

async function countPublished(tx: Statements): Promise<number> {
  const row = await tx.get<{ people: number }>('SELECT people FROM directory_head');
  return row?.people ?? 0;
}

async function countUnseen(tx: Statements): Promise<number> {
  let count = 0;
  for await (const people of unseenPeople(tx)) count += people.length;
  return count;
}

async function removeUnseen(tx: Statements): Promise<number> {
  let removed = 0;
  for await (const people of unseenPeople(tx)) {
    for (let at = 0; at < people.length; at += AT_ONCE) {
      const some = people.slice(at, at + AT_ONCE);
      await removePeople(tx, some);
      await noteLeavers(
        tx,
        some.map(({ user_id }) => user_id),
      );
    }
    removed += people.length;
  }
  return removed;
}

interface ChangedRow {
  number: number;
  user_id: string;
  record: string;
  /** Of the published row. */
  id: number;
  before: string;
}

/** @returns how many */
async function publishChanges(tx: Statements): Promise<number> {
  let count = 0;
  for (let after = 0; ; ) {
    const rows = await tx.all<ChangedRow>(
      `SELECT r.number, r.user_id, r.record, p.id, p.record AS before FROM run_person r
       JOIN directory_person p ON p.user_id = r.user_id
       WHERE r.number > ? AND r.record IS NOT NULL AND r.record <> p.record
         AND NOT EXISTS (SELECT 1 FROM run_told_person t WHERE t.user_id = r.user_id)
       ORDER BY r.number LIMIT ${AT_ONCE}`,
      after,
    );
    const last = rows.at(-1);
    if (!last) return count;
    const changes = rows.map((row) => ({
      person: { userId: row.user_id, record: recordOf(row) },
      before: { id: row.id, user_id: row.user_id, record: row.before },
    }));
    await writePeople(tx, changes);
    await noteLeavers(
      tx,
      changes.filter(isInactiveNow).map(({ person }) => person.userId),
    );
    count += rows.length;
    after = last.number;
  }
}

function isInactiveNow({ person, before }: PersonChange): boolean {
  return !person.record.active && before !== undefined && recordOf(before).active === true;
}

interface Outcome {
  run: RunRow;
  verdict: Verdict;
  people: number;
  added: number;
  changed: number;
  removed: number;
}

async function moveHead(tx: Statements, { run, verdict, people, ...counts }: Outcome): Promise<StoredRun> {
  const { peopleComplete, rolesComplete, administratorsComplete, calls } = verdict;
  const isComplete = peopleComplete && rolesComplete && administratorsComplete && run.missing === '[]';
  const row = await tx.get<{ departments: number }>(
    'SELECT count(*) AS departments FROM directory_department',
  );
  const departments = row?.departments ?? 0;
  await tx.run(
    `UPDATE directory_head SET revision = revision + 1, people = ?, departments = ?, as_of = ?,
       complete_as_of = CASE WHEN CAST(? AS INTEGER) = 1 THEN ? ELSE complete_as_of END`,
    people,
    departments,
    run.started_at,
    isComplete ? 1 : 0,
    run.started_at,
  );
  const state = isComplete ? 'complete' : 'partial';
  return endRun(tx, run.id, { state, ...counts, people, departments, calls });
}
