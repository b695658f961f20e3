import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { AuditLine } from '../storage/audit-line';
import type { ReceivedEvent, RefreshJob, RefreshTarget } from '../storage/event-inbox';
import type { ClientKind } from './user-agent';

/** What a session is made under. It is over as soon as one of the numbers is another. */
export interface SessionVersion {
  /** The person's: one more each time that all of their sessions are ended. */
  generation: number;
  /** Everybody's. */
  epoch: number;
}

/** A session as it is kept: never its cookie. Times are Unix time in seconds. */
export interface SessionRow {
  id: string;
  userId: string;
  name: string;
  door: 'client' | 'browser';
  client: ClientKind;
  issuedAt: number;
  expiresAt: number;
  lastSeen: number;
}

export type EndReason =
  | 'signed-out'
  /** Another sign-in in the same browser took its place. */
  | 'replaced'
  /** The person ended it from another session. */
  | 'by-owner'
  | 'everywhere'
  | 'by-admin'
  | 'emergency'
  /** DingTalk's event said so. */
  | 'left'
  /** Not used for `SESSION_IDLE_SECONDS`. */
  | 'idle'
  /** A complete reading of the directory, or a question about this one person, found them gone or inactive. */
  | 'directory'
  | 'check';

/** Why sessions end, and through whom. */
export interface Ending {
  reason: EndReason;
  /** A user id, or one of our own parts: `event`, `directory`, `check`. */
  by: string;
}

/** What was revoked after some point. */
export interface RevocationChanges {
  /** Where to go on from. */
  sequence: number;
  epoch: number;
  people: { userId: string; generation: number }[];
  /** Sessions that ended one by one. */
  sessions: { id: string; expiresAt: number }[];
}

/** A session as its own cookie has it. */
export type SealedSession = Omit<SessionRow, 'lastSeen' | 'client'> & SessionVersion;

/** `taken`: somebody else is asking. `settled`: it was answered. */
export type RecheckLease = 'claimed' | 'taken' | 'settled';

export interface SessionFilter {
  userId?: string | undefined;
  /** Part of a user id or a name. */
  text?: string | undefined;
  /** Goes on after this one, newest first. */
  after?: Pick<SessionRow, 'issuedAt' | 'id'> | undefined;
  limit: number;
}

/**
 * Which sessions are over, for every process of this company. Asynchronous, so that a database on another machine can
 * take its place: its behaviour is `tests/support/revocation-suite.ts`. Whatever ends something has written it
 * durably, together with its line in the audit, when it returns; and from then on every `changesSince` tells it.
 */
export interface SessionStore {
  /** The number of the latest change. */
  sequence(): Promise<number>;
  /** What changed after a sequence number; -1: everything that still matters. */
  changesSince(sequence: number): Promise<RevocationChanges>;

  /**
   * Enters a new session, if nothing has ended the person's sessions after `since`, and ends the one that it replaces.
   *
   * @returns what to seal into it; null when the sign-in was overtaken
   */
  open(
    session: Omit<SessionRow, 'lastSeen'>,
    options: {
      since: number;
      replaces?: Pick<SessionRow, 'id' | 'userId' | 'expiresAt'> | undefined;
      line: AuditLine;
    },
  ): Promise<SessionVersion | null>;

  /** Ends one session, known here or not. */
  endSession(session: Pick<SessionRow, 'id' | 'userId' | 'expiresAt'>, ending: Ending): Promise<void>;
  /**
   * Ends all sessions of some people, known here or not.
   *
   * @param told the event that says so: it has an effect once
   */
  endPeople(userIds: readonly string[], ending: Ending, told?: ReceivedEvent): Promise<void>;
  /**
   * As `endPeople`, for those whom somebody asked about: a line in the audit only where there was a session.
   *
   * @returns how many sessions that were, as far as is known
   */
  endGone(userIds: readonly string[], ending: Ending): Promise<number>;
  /** As `endGone`, for those of them who are still noted as leavers of the directory: whoever was ended since is not. */
  endLeavers(userIds: readonly string[], ending: Ending): Promise<void>;
  endEveryone(ending: Ending): Promise<void>;

  /** Sessions that are not over, newest first. */
  live(filter: SessionFilter): Promise<SessionRow[]>;
  countLive(): Promise<number>;
  /** Whether this person has, or lately had, a session. */
  knowsPerson(userId: string): Promise<boolean>;
  /** One that is not over. */
  find(id: string): Promise<SessionRow | null>;
  /** When sessions were last used: id to Unix time in seconds. */
  noteSeen(seen: ReadonlyMap<string, number>): Promise<void>;
  /** When a session was last used, as far as was written down: Unix time in seconds. */
  lastSeen(id: string): Promise<number | undefined>;
  /** People with sessions that are not over, in the order of their ids. */
  owners(after: string, limit: number): Promise<string[]>;
  /**
   * The right to ask DingTalk about the owner of a session, for some minutes: whoever has it may die. A session that
   * is not known here is entered again.
   */
  leaseRecheck(session: SealedSession): Promise<RecheckLease>;
  /** The question was answered. */
  completeRecheck(id: string): Promise<void>;

  /** Whether an event was remembered. */
  knowsEvent(id: string): Promise<boolean>;
  /** Remembers an event. @returns false when it was known already */
  rememberEvent(told: ReceivedEvent): Promise<boolean>;
  /** Writes down what has to be read again. */
  enqueueRefresh(stale: readonly RefreshTarget[]): Promise<void>;
  /** What has to be read again, and was said so long ago at least. */
  refreshJobs(olderThanMs: number): Promise<RefreshJob[]>;
  /** The mark that something has now: to be asked for before it is read. */
  refreshVersion(stale: RefreshTarget): Promise<number>;
  /** It was read, unless it was said anew meanwhile. */
  completeRefresh(owed: RefreshJob): Promise<void>;

  /** Keeps events that DingTalk tells of once, until they are settled. */
  storeMissed(events: readonly DirectoryEvent[]): Promise<void>;
  missed(limit: number): Promise<DirectoryEvent[]>;
  completeMissed(id: string): Promise<void>;

  /** A write that changes nothing. @throws where nothing can be written */
  touch(): Promise<void>;
  /** Drops what no longer matters, some rows at a time. */
  prune(): Promise<void>;
}
