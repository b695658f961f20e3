import 'server-only';
import type { StoredRun } from '../directory/sync/run';
import { syncStore } from '../directory/sync/run-store';
import { directoryTree } from '../directory/tree';
import { sessions } from '../session/sessions';
import { knownNames } from './admin-people';

/** What a reading that was not applied would take away. */
export interface ReadingLoss {
  /** People in the directory, and people whom the reading has. */
  before: number;
  read: number;
  /** People in the directory whom the reading does not have; some of them by name. */
  lost: number;
  sample: string[];
  /** How many of them are signed in. */
  online: number;
  /** Those that lose most, with the path of their names. */
  departments: { id: number; name: string; before: number; lost: number; isGone: boolean }[];
  /** Departments with losses beyond these. */
  moreDepartments: number;
}

const SHOWN_DEPARTMENTS = 8;
const SHOWN_PEOPLE = 20;
const OWNERS_CHUNK = 1000;

/** Undefined where the last run was not refused. Callers find out who asks. */
export async function readingLoss(
  last: Pick<StoredRun, 'state' | 'people'> | undefined,
): Promise<ReadingLoss | undefined> {
  if (last?.state !== 'shrunk') return undefined;
  const [{ userIds, departments }, tree] = [await syncStore().loss(), await directoryTree()];
  const names = await knownNames(userIds.slice(0, SHOWN_PEOPLE));
  return {
    before: tree.state.people,
    read: last.people,
    lost: userIds.length,
    sample: [...names.values()],
    online: await countOnline(new Set(userIds)),
    departments: departments.slice(0, SHOWN_DEPARTMENTS).map((one) => ({
      ...one,
      name:
        tree
          .pathOf(one.id)
          .map(({ name }) => name)
          .join(' / ') || one.name,
    })),
    moreDepartments: Math.max(0, departments.length - SHOWN_DEPARTMENTS),
  };
}

async function countOnline(userIds: ReadonlySet<string>): Promise<number> {
  let count = 0;
  for (let after = ''; ; ) {
    const owners = await sessions().store.owners(after, OWNERS_CHUNK);
    count += owners.filter((userId) => userIds.has(userId)).length;
    if (owners.length < OWNERS_CHUNK) return count;
    after = owners.at(-1)!;
  }
}
