import 'server-only';
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { requireMember } from '../auth/auth';
import { endMissingMember } from '../auth/missing-member';
import { DingTalkError } from '../dingtalk/errors';
import { getMember, type Member, type MemberOptions, type WireLanguage } from '../dingtalk/users';
import { dingTalkClient } from '../dingtalk-client';
import { toAppError } from '../dingtalk-problems';
import { freshMember } from '../directory/refresh';
import type { AppError } from '../errors';
import { log } from '../log';
import { outsideRequest, singleton } from '../singleton';
import { callBudget } from './call-budget';

/** A page with most of its content at hand does not wait as long as a sign-in. */
const DEADLINE_MS = 5000;
/** "Within the last minute", as the page says, its own way to the screen included. */
const REMEMBERED_MS = 45_000;
const MAX_REMEMBERED = 2000;

/** A member's record, and where it is from; `none`: DingTalk may not be asked now, and the directory has no record. */
type Profile =
  | { source: 'dingtalk' | 'directory'; profile: Readonly<Member> }
  | { source: 'none' }
  | { source: 'none'; failure: AppError; requestId: string };

/** By language and user id. Plain frozen values: a promise would keep the request that it was made in. */
const remembered = singleton(
  'profiles',
  () => new LRUCache<string, Readonly<Member>>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS }),
);
/** Questions under way, each until it is answered. */
const underWay = singleton('profiles-under-way', () => new Map<string, Promise<Readonly<Member>>>());

/**
 * What DingTalk says about the member who asks, at most {@link REMEMBERED_MS} old; what the directory has of them where
 * their pages have asked DingTalk too often; or why there is neither, with the id under which the log has it.
 *
 * @throws AppError `not-signed-in`
 */
export async function currentProfile(language: WireLanguage): Promise<Profile> {
  const { userId } = await requireMember();
  const key = `${language} ${userId}`;
  const known = remembered().get(key);
  if (known) return { source: 'dingtalk', profile: known };
  if (!underWay().has(key) && !callBudget().take(userId)) return fromDirectory(userId);
  const budget = { signal: outsideRequest(() => AbortSignal.timeout(DEADLINE_MS)), calls: 0 };
  try {
    const asked = underWay().get(key) ?? ask(key, userId, { language, budget });
    return { source: 'dingtalk', profile: await asked };
  } catch (error) {
    const failure = toAppError(error);
    const requestId = randomUUID();
    const { calls: upstreamCalls } = budget;
    log().error({ event: 'profile', requestId, userId, upstreamCalls, ...failure.toLog() });
    return { source: 'none', failure, requestId };
  }
}

function ask(key: string, userId: string, options: MemberOptions): Promise<Readonly<Member>> {
  const asked = outsideRequest(() => answerOf(key, userId, options).finally(() => underWay().delete(key)));
  underWay().set(key, asked);
  return asked;
}

async function answerOf(key: string, userId: string, options: MemberOptions): Promise<Readonly<Member>> {
  try {
    const profile = Object.freeze(await getMember(dingTalkClient(), userId, options));
    remembered().set(key, profile);
    return profile;
  } catch (error) {
    if (error instanceof DingTalkError && error.isPersonGone) await endMissingMember(userId);
    throw error;
  }
}

async function fromDirectory(userId: string): Promise<Profile> {
  const profile = await freshMember(userId, Number.POSITIVE_INFINITY);
  return profile ? { source: 'directory', profile } : { source: 'none' };
}
