import 'server-only';
import { config } from '../config';
import { getDepartment } from '../dingtalk/departments';
import { DingTalkError } from '../dingtalk/errors';
import { getMember, listAdministrators, type Member } from '../dingtalk/users';
import { dingTalkClient } from '../dingtalk-client';
import { log } from '../log';
import { sessions } from '../session/sessions';
import { outsideRequest, singleton } from '../singleton';
import { within } from '../within';
import { toNoted, toRules } from './record';
import { directoryStore } from './store';

/** Single people and departments, between two runs: at a sign-in now, by DingTalk's events later. */

/** Takes over what DingTalk has just answered about a person. Never throws: a sign-in does not need the mirror. */
export function noteMember(member: Member): Promise<void> {
  return soon(member.userId, async () => {
    const noted = toNoted(member);
    // Every member has a department: where none was answered, they stay where they are.
    if (noted.departments.length === 0) {
      noted.departments = (await directoryStore().member(member.userId))?.departments ?? [];
    }
    if (member.admin === false) await directoryStore().dismissAdministrators([member.userId]);
    await directoryStore().note(noted, Date.now());
  });
}

/** A person is no longer a member. Never throws. @see DirectoryStore.forget */
export function noteLeaver(userId: string, options?: { areSessionsEnded?: boolean }): Promise<void> {
  return soon(userId, () => directoryStore().forget(userId, options));
}

/** While a publication is under way, its end is not awaited. */
const MAX_WAIT_MS = 500;

/** Writes about a person, now or when the directory can be written; where that fails, DingTalk is asked about them later. */
async function soon(userId: string, write: () => Promise<unknown>): Promise<void> {
  const written = outsideRequest(() =>
    write().catch(async (error: unknown) => {
      complain(error);
      await sessions().store.enqueueRefresh([{ what: 'member', id: userId }]);
    }),
  );
  await within(
    written.catch(() => undefined),
    MAX_WAIT_MS,
  );
}

/**
 * A member from the mirror, when it is fresh enough for a sign-in; null when DingTalk has to be asked.
 * Never throws.
 *
 * @param maxAgeSeconds 0: never
 */
export async function freshMember(
  userId: string,
  maxAgeSeconds = config().directory.signInMaxAgeSeconds,
): Promise<Member | null> {
  if (maxAgeSeconds === 0) return null;
  const member = await harmless(async () => {
    const store = directoryStore();
    const [state, detail] = [await store.state(), await store.detail(userId)];
    // A partial snapshot does not tell who was read in it.
    const readAt = Math.max(state.completeAsOf ?? 0, detail?.checkedAt ?? 0);
    if (Date.now() - readAt > maxAgeSeconds * 1000) return null;
    if (maxAgeSeconds < Number.POSITIVE_INFINITY && (await isStale(userId))) return null;
    const stored = await store.member(userId);
    return stored && { stored, detail, roles: await store.rolesOf(userId) };
  });
  if (!member) return null;
  const { stored, detail, roles } = member;
  return {
    ...stored.record,
    hideMobile: stored.record.hideMobile ?? false,
    userId,
    departmentIds: stored.departments.map(({ id }) => id),
    ledDepartmentIds: stored.departments.filter(({ leader }) => leader).map(({ id }) => id),
    roles,
    // A sign-in needs none of them; the person's own page asks DingTalk.
    positions: [],
    managerUserId: detail?.managerUserId,
  };
}

/** An event told of them which the mirror does not know yet: they may have left. */
async function isStale(userId: string): Promise<boolean> {
  return (await sessions().store.refreshVersion({ what: 'member', id: userId })) > 0;
}

/**
 * Asks DingTalk about one person and takes over what it says.
 *
 * @returns null when they are no longer there
 * @throws DingTalkError
 */
export async function refreshMember(userId: string, signal?: AbortSignal): Promise<Member | null> {
  try {
    const budget = signal ? { signal, calls: 0 } : undefined;
    const member = await getMember(dingTalkClient(), userId, { budget });
    await noteMember(member);
    return member;
  } catch (error) {
    if (!(error instanceof DingTalkError && error.isPersonGone)) throw error;
    await noteLeaver(userId);
    return null;
  }
}

/**
 * Asks DingTalk about one department, by one call. Its name and rules stand at once. A new, moved or dissolved one needs
 * a run besides, which sees its people too, and so does one that is hidden or shown, because others count its people.
 *
 * @throws DingTalkError
 */
export async function refreshDepartment(id: number): Promise<'changed' | 'unchanged' | 'needs-sync'> {
  try {
    const detail = await getDepartment(dingTalkClient(), id);
    const departments = new Map((await directoryStore().departments()).map((one) => [one.id, one]));
    const known = departments.get(id);
    if (!known) return 'needs-sync';
    const changed = await directoryStore().noteDepartment(id, detail.name, toRules(detail));
    // The top-most that we may see has a parent that we may not.
    const parentId = departments.has(detail.parentId ?? 0) ? detail.parentId : undefined;
    if (known.parentId !== parentId || known.hidden !== detail.hidden) return 'needs-sync';
    return changed ? 'changed' : 'unchanged';
  } catch (error) {
    if (error instanceof DingTalkError && error.code === '60003') return 'needs-sync';
    throw error;
  }
}

/**
 * Asks DingTalk who the administrators are.
 *
 * @throws DingTalkError
 */
export async function refreshAdministrators(): Promise<void> {
  await directoryStore().noteAdministrators(await listAdministrators(dingTalkClient()));
}

const complaint = singleton('directory-complaint', () => ({ made: false }));

async function harmless<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    complain(error);
    return null;
  }
}

/** Once: a database that cannot be opened would say so at every sign-in. */
function complain(error: unknown): void {
  if (!complaint().made) log().error({ event: 'directory-unavailable', err: error });
  complaint().made = true;
}
