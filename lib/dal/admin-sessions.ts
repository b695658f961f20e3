import 'server-only';
import { requireAdministrator } from '../auth/administrator';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { AppError } from '../errors';
import type { Session } from '../session/session-cookie';
import { type ListedSession, withHosts } from '../session/session-pages';
import type { LivePerson } from '../session/session-store';
import { sessions } from '../session/sessions';
import { shownName } from '../shown-text';
import { departmentNames, findUserIds, knownNames, knownPeople } from './admin-people';
import { isAvatarAllowed } from './avatar';

/** What an administrator sees and does about sessions. Each function finds out who asks, and refuses others. */

const MAX_TEXT = 64;
/** People of a page. */
const PAGE_SIZE = 20;
/** Sessions that are shown of one person among others, and alone. */
const SHOWN_SESSIONS = 5;
const SHOWN_SESSIONS_ALONE = 200;
/** So many whom the search finds are looked for among those with sessions. */
const MAX_FOUND = 200;

/** A session as administrators see it. */
export interface AdminSession extends ListedSession {
  /** The administrator's own, with which they ask. */
  isThis: boolean;
}

/** A person who is signed in. */
export interface OnlinePerson {
  userId: string;
  name: string;
  /** Undefined: the local directory does not have them. */
  departments: string[] | undefined;
  avatarUrl: string | undefined;
  /** How many sessions there are; those that are shown may be fewer. */
  count: number;
  /** Unix time in seconds. */
  lastSeen: number;
  /** Newest first. */
  sessions: AdminSession[];
}

export interface OnlinePage {
  /** Those who used a session last come first. */
  people: OnlinePerson[];
  /** Where the next page begins, if there is one. */
  next: string | undefined;
  /** All who are signed in, whatever was looked for. */
  total: { people: number; sessions: number };
}

/**
 * Who is signed in, with what.
 *
 * @param text part of a name, its sound, a department or whatever else finds people in the directory; empty: all people
 * @param after what a page before called `next`
 * @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old`
 */
export async function peopleOnline(text: string, after: string): Promise<OnlinePage> {
  const admin = await requireAdministrator();
  const { store, flushSeen } = sessions();
  await flushSeen();
  const wanted = text.trim().slice(0, MAX_TEXT);
  const [, lastSeen, userId] = /^(\d{1,12})-(.{1,64})$/.exec(after) ?? [];
  const found = await store.livePeople({
    ...(wanted === '' ? {} : { text: wanted, orUserIds: await findUserIds(wanted, MAX_FOUND) }),
    after: userId === undefined ? undefined : { lastSeen: Number(lastSeen), userId },
    limit: PAGE_SIZE + 1,
  });
  const people = found.slice(0, PAGE_SIZE);
  const last = found.length > PAGE_SIZE ? people.at(-1) : undefined;
  const { people: count, clients } = await store.liveCounts();
  return {
    people: await withSessions(people, admin),
    next: last && `${last.lastSeen}-${last.userId}`,
    total: { people: count, sessions: clients.reduce((sum, one) => sum + one.sessions, 0) },
  };
}

async function withSessions(people: readonly LivePerson[], { id }: Session): Promise<OnlinePerson[]> {
  const [known, tree] = [await knownPeople(people.map(({ userId }) => userId)), await directoryTree()];
  const limit = people.length === 1 ? SHOWN_SESSIONS_ALONE : SHOWN_SESSIONS;
  return Promise.all(
    people.map(async ({ userId, name, sessions: count, lastSeen }) => {
      const member = known.get(userId);
      const rows = await withHosts(userId, await sessions().store.live({ userId, limit }));
      const url = member?.record.avatarUrl;
      return {
        userId,
        name: shownName(member?.record.name ?? name, userId),
        departments: member && departmentNames(member, tree),
        avatarUrl: isAvatarAllowed(url) ? url : undefined,
        count,
        lastSeen,
        sessions: rows.map((row) => ({ ...row, isThis: row.id === id })),
      };
    }),
  );
}

/** What became of an order to end sessions. */
interface EndedSessions {
  /** Who gave it. */
  admin: { userId: string };
  /** Whose sessions they were. */
  userId: string;
  /** How many were live. */
  count: number;
}

/** @throws AppError `not-signed-in`, `not-permitted`, `not-found` */
export async function endSessionById(id: string): Promise<EndedSessions> {
  const admin = await requireAdministrator();
  const row = await sessions().store.find(id);
  if (!row) throw new AppError('not-found');
  await sessions().endSession(row, { reason: 'by-admin', by: admin.userId });
  return { admin, userId: row.userId, count: 1 };
}

/**
 * Ends every session of one person, a sign-in under way included.
 *
 * @param given a user id as it was typed: blanks and invisible characters around it do not count
 * @returns null where neither the directory nor the sessions know such a person: nothing was done
 * @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old`
 */
export async function endSessionsOf(given: string): Promise<EndedSessions | null> {
  const admin = await requireAdministrator();
  const userId = await knownUserId(given);
  if (userId === undefined) return null;
  const ending = { reason: 'by-admin', by: admin.userId } as const;
  const count = await sessions().endPeople([userId], ending, { auditsLiveOnly: true });
  return { admin, userId, count };
}

/** A person whose sessions could be ended. */
export interface PersonToEnd {
  userId: string;
  name: string;
  /** How many sessions there are. */
  count: number;
}

/** @param given as of {@link endSessionsOf}. @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function personToEnd(given: string): Promise<PersonToEnd | null> {
  await requireAdministrator();
  const userId = await knownUserId(given);
  if (userId === undefined) return null;
  const [live] = await sessions().store.livePeople({ userId, limit: 1 });
  const name = (await knownNames([userId])).get(userId) ?? shownName(live?.name, userId);
  return { userId, name, count: live?.sessions ?? 0 };
}

async function knownUserId(given: string): Promise<string | undefined> {
  const userId = given.replace(/^[\s\p{Cf}\p{Cc}]+|[\s\p{Cf}\p{Cc}]+$/gu, '');
  if (userId === '' || userId.length > MAX_TEXT) return undefined;
  if (await sessions().store.knowsPerson(userId)) return userId;
  return (await directoryStore().member(userId)) === null ? undefined : userId;
}

/** The emergency stop: every session ends, the administrator's too. @throws AppError `not-signed-in`, `not-permitted` */
export async function endEverySession(): Promise<{ userId: string }> {
  const admin = await requireAdministrator();
  await sessions().endEveryone({ reason: 'emergency', by: admin.userId });
  return admin;
}
