import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { AuditLine } from '../storage/audit-line';
import type { EventInbox, RefreshTarget } from '../storage/event-inbox';
import type { LeaverNote } from '../storage/leavers';
import type { Session } from './sealed-sessions';
import type { ClientKind } from './user-agent';

/** What a session is made under. It is over as soon as `generation` or `epoch` is another. */
export interface SessionVersion {
  /** The person's: one more each time that all of their sessions are ended. */
  generation: number;
  /** The same for all people together. */
  epoch: number;
  /** The latest change then. A store that is behind it is an older copy. */
  sequence: number;
  /** Of which database the numbers are. A copy has the same. */
  databaseId: number;
}

/** Where a store, or what is known of one, stands. */
export type Position = Pick<SessionVersion, 'sequence' | 'epoch'>;

/** A session as it is kept: never its cookie. Times are Unix time in seconds. */
export interface SessionRow {
  id: string;
  userId: string;
  name: string;
  method: Session['method'];
  client: ClientKind;
  issuedAt: number;
  expiresAt: number;
  lastSeen: number;
  /** The protected host that it is for; undefined: the main origin. */
  host?: string | undefined;
  /** The session that it came from, and ends with. */
  parentId?: string | undefined;
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
  /** The database is an older copy. */
  | 'restored'
  /** An event of DingTalk: the person left the company. */
  | 'left'
  /** Not used for `SESSION_IDLE_SECONDS`. */
  | 'idle'
  /** A complete sync run, or a question about this one person, found them gone or inactive. */
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
  databaseId: number;
  /** When an older copy was noticed in the database's place; Unix time in ms. */
  restoredAt: number | null;
  people: { userId: string; generation: number }[];
  /** Sessions that ended one by one. */
  sessions: { id: string; reason: EndReason }[];
}

/** A session as its own cookie has it. */
export type SealedSession = Omit<SessionRow, 'lastSeen' | 'client'> & SessionVersion;

/** What an ending needs to know of a session. */
export type EndedSession = Pick<SessionRow, 'id' | 'userId' | 'expiresAt' | 'host'>;

/** `taken`: another process is asking. `settled`: it was answered. */
export type RecheckLease = 'claimed' | 'taken' | 'settled';

export interface SessionFilter {
  userId?: string | undefined;
  /** Goes on after this one, newest first. */
  after?: Pick<SessionRow, 'issuedAt' | 'id'> | undefined;
  limit: number;
}

/** A person with sessions that are not over. */
export interface LivePerson {
  userId: string;
  /** As of one of the sign-ins. */
  name: string;
  /** Those that came from no other one. */
  sessions: number;
  /** The latest of all of them: Unix time in seconds. */
  lastSeen: number;
}

export interface PeopleFilter {
  userId?: string | undefined;
  /** Part of a user id or a name. */
  text?: string | undefined;
  /** People who fit whatever the text says. */
  orUserIds?: readonly string[] | undefined;
  /** Goes on after this one, last used first. */
  after?: Pick<LivePerson, 'lastSeen' | 'userId'> | undefined;
  limit: number;
}

export interface LiveCounts {
  people: number;
  /** Sessions by what they were begun with. */
  clients: { client: ClientKind; sessions: number }[];
}

export interface EndingOptions {
  /** An audit line only for people with live sessions. Otherwise one for each person. */
  auditsLiveOnly?: boolean | undefined;
  /** Why: findings of the directory. Each ends sessions once; a person whose finding did so before is left out. */
  notes?: readonly LeaverNote[] | undefined;
}

/** The names by which an event is known: each has an effect once. */
export type EventName = Pick<DirectoryEvent, 'id' | 'deduplicationKeys'>;

/** What an event changes. */
export interface EventEffect {
  /** User ids of people who left: all of their sessions end. */
  left: readonly string[];
  /** What has to be read again. */
  refresh: readonly RefreshTarget[];
  /** Findings of the directory that the event brought about: they end nothing a second time. */
  notes?: readonly LeaverNote[] | undefined;
}

/**
 * Which sessions are over, for every process of this company. What ends something has written it durably, together with
 * its line in the audit, when it returns; from then on every `changesSince` contains it.
 */
export interface Revocations {
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
    options: { since: number; replaces?: EndedSession | undefined; line: AuditLine },
  ): Promise<SessionVersion | null>;

  /** Ends one session, known here or not. */
  endSession(session: EndedSession, ending: Ending): Promise<void>;
  /**
   * Ends all sessions of some people, known here or not.
   *
   * @returns how many sessions that were, as far as is known
   */
  endPeople(userIds: readonly string[], ending: Ending, options?: EndingOptions): Promise<number>;
  endEveryone(ending: Ending): Promise<void>;
  /**
   * Ends everything once, because the database is an older copy: which sessions were ended after it was made is not known.
   *
   * @param reached what the database had reached before. Nothing is done where that was noticed already
   */
  endRestored(reached: Position): Promise<void>;
  /**
   * Remembers an event and does what it demands, in one transaction.
   *
   * @returns false when the event was known already: then nothing was done
   */
  applyEvent(event: EventName, effect: EventEffect): Promise<boolean>;
}

/** The sessions as administrators and background work see them. */
export interface SessionList {
  /** Sessions that are not over and came from no other one, newest first. */
  live(filter: SessionFilter): Promise<SessionRow[]>;
  /** A person's sessions of protected hosts that came from another session and are not over, in the order of the hosts. */
  ofHosts(userId: string): Promise<SessionRow[]>;
  countLive(): Promise<number>;
  /** People with sessions that are not over, last used first. */
  livePeople(filter: PeopleFilter): Promise<LivePerson[]>;
  liveCounts(): Promise<LiveCounts>;
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
   * The right to ask DingTalk about the owner of a session, for some minutes: the process that has it may die. A session
   * that is not known here is entered again.
   */
  leaseRecheck(session: SealedSession): Promise<RecheckLease>;
  /** DingTalk has answered. */
  completeRecheck(id: string): Promise<void>;
}

/** Its behaviour, on each engine, is `tests/support/revocation-suite.ts`. */
export interface SessionStore extends Revocations, SessionList, EventInbox {
  /** A write that changes nothing. @throws where nothing can be written */
  touch(): Promise<void>;
  /** Drops what no longer matters, some rows at a time. */
  prune(): Promise<void>;
}
