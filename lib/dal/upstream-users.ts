import 'server-only';
import type { PersonRecord } from '../directory/model';
import { type DirectoryStore, directoryStore } from '../directory/store';
import { outsideRequest, singleton } from '../singleton';

/** What upstreams know a member by, besides the user id. */
export type UserValueKind = 'job-number' | 'mailbox';

/** The directory is read for it so often at most: it is all people. */
const FRESH_MS = 60_000;

const index = singleton('upstream-users', () => ({
  kind: undefined as UserValueKind | undefined,
  at: Number.NEGATIVE_INFINITY,
  owners: undefined as Promise<ReadonlyMap<string, readonly string[]>> | undefined,
}));

/** The value of a person; undefined where there is none. A mailbox is of the company's own mail: a person can enter any other address. */
export function userValue({ jobNumber, orgEmail }: PersonRecord, kind: UserValueKind): string | undefined {
  if (kind === 'job-number') return jobNumber?.trim() || undefined;
  return /^([^@\s]+)@[^@\s]+$/.exec(orgEmail ?? '')?.[1];
}

/** Whether two members have one value: upstreams would take them for one person. */
export async function sharesValue(kind: UserValueKind, value: string): Promise<boolean> {
  return ((await ownersOf(kind)).get(comparable(value))?.length ?? 0) > 1;
}

/** Which members `GATE_USER` keeps out of every protected host. */
export interface UpstreamUserProblems {
  kind: UserValueKind;
  /** Values of several members, in small letters: all of them are refused. */
  shared: { value: string; userIds: readonly string[] }[];
  /** How many active members have no value. */
  without: number;
  /** How many values there are. */
  values: number;
}

/** For operators: what is wrong with the values that upstreams know members by. Asks the local directory alone. */
export async function upstreamUserProblems(
  kind: UserValueKind,
  store: Pick<DirectoryStore, 'everybody'>,
): Promise<UpstreamUserProblems> {
  const owners = await readOwners(kind, store);
  const shared = [...owners]
    .filter(([, userIds]) => userIds.length > 1)
    .map(([value, userIds]) => ({ value, userIds }));
  let without = 0;
  await store.everybody((members) => {
    without += members.filter(({ record }) => record.active && !userValue(record, kind)).length;
  });
  return { kind, shared, without, values: owners.size };
}

/** As upstreams compare: many know no difference between large and small letters, or wide and narrow ones. */
function comparable(value: string): string {
  return value
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    .trim()
    .normalize('NFKC')
    .toLowerCase();
}

function ownersOf(kind: UserValueKind): Promise<ReadonlyMap<string, readonly string[]>> {
  const state = index();
  if (state.kind !== kind || !state.owners || performance.now() - state.at > FRESH_MS) {
    const owners = outsideRequest(() => readOwners(kind, directoryStore()));
    owners.catch(() => {
      state.owners = undefined;
    });
    Object.assign(state, { kind, at: performance.now(), owners });
  }
  return state.owners as NonNullable<typeof state.owners>;
}

async function readOwners(
  kind: UserValueKind,
  store: Pick<DirectoryStore, 'everybody'>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const owners = new Map<string, string[]>();
  await store.everybody((members) => {
    for (const { userId, record } of members) {
      const own = userValue(record, kind);
      if (own === undefined) continue;
      const value = comparable(own);
      const known = owners.get(value);
      if (known) known.push(userId);
      else owners.set(value, [userId]);
    }
  });
  return owners;
}
