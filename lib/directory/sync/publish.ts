import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Statements } from '../../storage/database';
import { noteLeavers } from '../../storage/leavers';
import { type KnownPerson, recordOf, removePeople, replacePeople } from '../rows';
import type { NewMember } from '../search-keys';
import { writeAdministrators } from '../write';
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
const AT_ONCE = 200;

export async function publish(tx: Statements, verdict: Verdict): Promise<StoredRun> {
  const run = await requireRun(tx);
  const before = await countPublished(tx);
  if (verdict.peopleComplete && !verdict.acceptShrink && (await countUnseen(tx)) > before * MAX_SHRINK) {
    return endWithout(tx, run.id, 'shrunk', verdict.calls);
  }
  // Nobody asked after them. Without a department they would be everybody's to see.
  if (!verdict.peopleComplete) for (const userId of await placelessPeople(tx)) await forgetPerson(tx, userId);
  await publishDepartments(tx, verdict.peopleComplete);
  const removed = verdict.peopleComplete ? await removeUnseen(tx) : 0;
  const { added, changed } = await publishPeople(tx);
  await publishPlaces(tx, verdict.peopleComplete);
  await publishToldPlaces(tx);
  if (verdict.rolesComplete) await publishRoles(tx);
  if (verdict.administratorsComplete) {
    const list = JSON.parse(run.administrators ?? '[]') as { userId: string; main: boolean }[];
    await writeAdministrators(tx, list);
  }
  return moveHead(tx, { run, verdict, people: before + added - removed, added, changed, removed });
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
    for (let at = 0; at < people.length; at += AT_ONCE, await breathe()) {
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

interface ReadRow {
  number: number;
  user_id: string;
  record: string;
  /** Of the published row; null: there is none. */
  id: number | null;
  before: string | null;
}

async function publishPeople(tx: Statements): Promise<{ added: number; changed: number }> {
  const count = { added: 0, changed: 0 };
  for (let after = 0; ; await breathe()) {
    const rows = await tx.all<ReadRow>(
      `SELECT r.number, r.user_id, r.record, p.id, p.record AS before FROM run_person r
       LEFT JOIN directory_person p ON p.user_id = r.user_id
       WHERE r.number > ? AND r.record IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM run_told_person t WHERE t.user_id = r.user_id)
       ORDER BY r.number LIMIT ${AT_ONCE}`,
      after,
    );
    const last = rows.at(-1);
    if (!last) return count;
    const known = rows.flatMap(({ user_id, id, before }): KnownPerson[] =>
      id === null || before === null ? [] : [{ id, user_id, record: before }],
    );
    const people = rows.map((row): NewMember => ({ userId: row.user_id, record: recordOf(row) }));
    await replacePeople(tx, people, known);
    await noteInactive(tx, people, known);
    count.added += rows.length - known.length;
    count.changed += known.length;
    after = last.number;
  }
}

/** People who were active, and are no more. */
async function noteInactive(
  tx: Statements,
  people: readonly NewMember[],
  before: readonly KnownPerson[],
): Promise<void> {
  const inactive = new Set(people.filter(({ record }) => !record.active).map(({ userId }) => userId));
  const ended = before.filter((row) => inactive.has(row.user_id) && recordOf(row).active);
  if (ended.length > 0) {
    await noteLeavers(
      tx,
      ended.map(({ user_id }) => user_id),
    );
  }
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
