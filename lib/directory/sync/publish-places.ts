import 'server-only';
import type { Statements } from '../../storage/database';
import { LAST_POSITION, type StoredMember } from '../model';

const PEOPLE_AT_ONCE = 1000;
/** What was reported of somebody while the run read is newer than what it read. */
const UNTOLD = 'NOT EXISTS (SELECT 1 FROM run_told_person t WHERE t.user_id = a.user_id)';

/** @param isComplete places that were not read are gone */
export async function publishPlaces(tx: Statements, isComplete: boolean): Promise<void> {
  const atOnce = tx.dialect.atOnce(PEOPLE_AT_ONCE);
  for (let after = ''; ; ) {
    const row = await tx.get<{ last: string | null }>(
      `SELECT max(user_id) AS last FROM
         (SELECT user_id FROM run_person WHERE user_id > ? ORDER BY user_id LIMIT ${atOnce}) people`,
      after,
    );
    const last = row?.last ?? undefined;
    if (last === undefined) return;
    if (isComplete) {
      await tx.run(
        `DELETE FROM directory_place AS a WHERE a.user_id > ? AND a.user_id <= ? AND ${UNTOLD}
           AND NOT EXISTS (SELECT 1 FROM run_place r
             WHERE r.user_id = a.user_id AND r.department_id = a.department_id)`,
        after,
        last,
      );
    }
    await tx.run(
      `INSERT INTO directory_place (user_id, department_id, position, leader)
       SELECT a.user_id, a.department_id, a.position, a.leader FROM run_place a
       WHERE a.user_id > ? AND a.user_id <= ? AND ${UNTOLD}
         AND NOT EXISTS (SELECT 1 FROM directory_place p WHERE p.user_id = a.user_id
           AND p.department_id = a.department_id AND p.position = a.position AND p.leader = a.leader)
       ON CONFLICT (user_id, department_id) DO UPDATE SET position = excluded.position, leader = excluded.leader`,
      after,
      last,
    );
    after = last;
  }
}

/** People about whom something was reported keep their places in what still stands, and get those that only the run knew. */
export async function publishToldPlaces(tx: Statements): Promise<void> {
  await tx.run(
    `DELETE FROM directory_place AS a WHERE a.user_id IN (SELECT user_id FROM run_told_person)
       AND NOT EXISTS (SELECT 1 FROM directory_department d WHERE d.department_id = a.department_id)`,
  );
  const told = await tx.all<{ user_id: string; places: string }>(
    `SELECT t.user_id, t.places FROM run_told_person t JOIN directory_person p ON p.user_id = t.user_id
     WHERE t.places <> '[]'`,
  );
  for (const { user_id, places } of told) {
    for (const { id, leader } of JSON.parse(places) as StoredMember['departments']) {
      await tx.run(
        `INSERT INTO directory_place (user_id, department_id, position, leader)
         SELECT CAST(? AS TEXT), department_id, ${LAST_POSITION}, CAST(? AS BIGINT)
         FROM directory_department WHERE department_id = ? ON CONFLICT DO NOTHING`,
        user_id,
        leader ? 1 : 0,
        id,
      );
    }
  }
}

/** Roles were read whole: what differs is replaced, one role after the other. */
export async function publishRoles(tx: Statements): Promise<void> {
  await tx.run(
    'DELETE FROM directory_role WHERE NOT EXISTS (SELECT 1 FROM run_role r WHERE r.role_id = directory_role.role_id)',
  );
  await tx.run(
    `INSERT INTO directory_role (role_id, name, group_name) SELECT role_id, name, group_name FROM run_role r
     WHERE NOT EXISTS (SELECT 1 FROM directory_role d
       WHERE d.role_id = r.role_id AND d.name = r.name AND d.group_name = r.group_name)
     ON CONFLICT (role_id) DO UPDATE SET name = excluded.name, group_name = excluded.group_name`,
  );
  const roles = await tx.all<{ role_id: number }>(
    'SELECT role_id FROM directory_role_member UNION SELECT role_id FROM run_role_member',
  );
  for (const { role_id } of roles) {
    await tx.run(
      `DELETE FROM directory_role_member AS a WHERE a.role_id = ? AND ${UNTOLD} AND NOT EXISTS
         (SELECT 1 FROM run_role_member r WHERE r.role_id = a.role_id AND r.user_id = a.user_id)`,
      role_id,
    );
    await tx.run(
      `INSERT INTO directory_role_member (user_id, role_id) SELECT a.user_id, a.role_id FROM run_role_member a
       WHERE a.role_id = ? AND ${UNTOLD} ON CONFLICT DO NOTHING`,
      role_id,
    );
  }
}
