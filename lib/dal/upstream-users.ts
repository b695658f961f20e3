import 'server-only';
import type { PersonRecord } from '../directory/model';
import { directoryStore } from '../directory/store';
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

/** The value of a person; undefined where there is none. A mailbox is of the company's own mail: anybody can enter another address. */
export function userValue({ jobNumber, orgEmail }: PersonRecord, kind: UserValueKind): string | undefined {
  if (kind === 'job-number') return jobNumber?.trim() || undefined;
  return /^([^@\s]+)@[^@\s]+$/.exec(orgEmail ?? '')?.[1];
}

/** Whether two members have one value, large and small letters alike: nobody could tell them apart upstream. */
export async function sharesValue(kind: UserValueKind, value: string): Promise<boolean> {
  return ((await ownersOf(kind)).get(value.toLowerCase())?.length ?? 0) > 1;
}

/** The values that several members have, with their user ids. */
export async function sharedValues(
  kind: UserValueKind,
): Promise<[value: string, userIds: readonly string[]][]> {
  return [...(await ownersOf(kind))].filter(([, userIds]) => userIds.length > 1);
}

function ownersOf(kind: UserValueKind): Promise<ReadonlyMap<string, readonly string[]>> {
  const state = index();
  if (state.kind !== kind || !state.owners || performance.now() - state.at > FRESH_MS) {
    const owners = outsideRequest(() => readOwners(kind));
    owners.catch(() => {
      state.owners = undefined;
    });
    Object.assign(state, { kind, at: performance.now(), owners });
  }
  return state.owners as NonNullable<typeof state.owners>;
}

async function readOwners(kind: UserValueKind): Promise<ReadonlyMap<string, readonly string[]>> {
  const owners = new Map<string, string[]>();
  await directoryStore().everybody((members) => {
    for (const { userId, record } of members) {
      const value = userValue(record, kind)?.toLowerCase();
      if (value === undefined) continue;
      const known = owners.get(value);
      if (known) known.push(userId);
      else owners.set(value, [userId]);
    }
  });
  return owners;
}
