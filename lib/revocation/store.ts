import 'server-only';
import type { AuditLine } from '../audit/line';
import type { ClientKind } from '../client-kind';

/** What a session is made under. It is over as soon as one of the numbers is another. */
export interface Standing {
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
export interface Changes {
  /** Where to go on from. */
  sequence: number;
  epoch: number;
  people: { userId: string; generation: number }[];
  /** Sessions that ended one by one. */
  sessions: { id: string; expiresAt: number }[];
}

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
export interface RevocationStore {
  /** The number of the latest change. */
  sequence(): Promise<number>;
  /** What changed after a sequence number; -1: everything that still matters. */
  changesSince(sequence: number): Promise<Changes>;

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
  ): Promise<Standing | null>;

  /** Ends one session, known here or not. */
  endSession(session: Pick<SessionRow, 'id' | 'userId' | 'expiresAt'>, ending: Ending): Promise<void>;
  /**
   * Ends all sessions of some people, known here or not.
   *
   * @param eventId of the event that says so: it has an effect once
   */
  endPeople(userIds: readonly string[], ending: Ending, eventId?: string): Promise<void>;
  endEveryone(ending: Ending): Promise<void>;

  /** Sessions that are not over, newest first. */
  live(filter: SessionFilter): Promise<SessionRow[]>;
  countLive(): Promise<number>;
  /** One that is not over. */
  find(id: string): Promise<SessionRow | null>;
  /** When sessions were last used: id to Unix time in seconds. */
  noteSeen(seen: ReadonlyMap<string, number>): Promise<void>;
  /** The right to ask DingTalk about the owner of a session: once, whoever asks. */
  claimCheck(id: string): Promise<boolean>;
  /** The question was not answered. */
  giveCheckBack(id: string): Promise<void>;

  /** Whether an event was remembered. */
  knowsEvent(id: string): Promise<boolean>;
  /** Remembers an event. @returns false when it was known already */
  rememberEvent(id: string): Promise<boolean>;

  /** Drops what no longer matters, some rows at a time. */
  prune(): Promise<void>;
}
