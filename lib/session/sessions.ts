import 'server-only';
import { config } from '../config';
import { AppError } from '../errors';
import { log } from '../log';
import { countEndings } from '../metrics';
import { outsideRequest, singleton } from '../singleton';
import { pruneAudit } from '../storage/audit-log';
import { recordsDatabase } from '../storage/databases';
import { within } from '../within';
import { createIdleCheck } from './idle';
import { createRevocationCache, type RevocationCache } from './revocation-cache';
import type { Session } from './session-cookie';
import type {
  EndedSession,
  Ending,
  EventEffect,
  EventName,
  Position,
  SessionStore,
  SessionVersion,
} from './session-store';
import { createSessionStore } from './stored-sessions';
import { createUnwritten } from './unwritten';

/** How often it is written down when sessions were last used. */
const SEEN_EVERY_MS = 30_000;
const PRUNE_EVERY_MS = 3_600_000;
/** A process that is started anew every day has to drop what is old, too. */
const PRUNE_FIRST_MS = 5000;
/** Between two attempts to write down that the database is an older copy. */
const NOTICE_AGAIN_MS = 5000;
/** How long the request that proves it waits for that. */
const NOTICE_MS = 2500;

export type Sessions = ReturnType<typeof createSessions>;

interface SessionsOptions {
  store: SessionStore;
  /** A session that was not used for so long is over. */
  idleSeconds?: number | undefined;
  /** A monotonic clock, in ms. */
  now?: () => number;
  /** Between two tries to write what could not be written. */
  retryMs?: number;
}

/** The sessions of the company, as this process knows them. */
export function createSessions({ store, idleSeconds, ...timing }: SessionsOptions) {
  const unwritten = createUnwritten({
    touch: store.touch,
    onFailure: (error) => log().error({ event: 'sessions-unwritable', err: error }),
    onRecovery: () => log().info({ event: 'sessions-writable' }),
    ...timing,
  });
  const view = createRevocationCache({
    store,
    ...(timing.now ? { now: timing.now } : {}),
    isWritable: unwritten.isWritable,
    onSilence: (error) => log().error({ event: 'sessions-silent', err: error }),
    onAnswer: () => log().info({ event: 'sessions-back' }),
    onOlder: (...older) => endRestored(...older),
  });
  const { endRestored, ...endings } = createEndings({ store, view, unwritten });
  const uses = createUses({ store, unwritten, idleSeconds, endSession: endings.endSession });
  const listeners: ((session: Session) => void)[] = [];
  const timers = [
    setInterval(() => void uses.flush(), SEEN_EVERY_MS).unref(),
    setInterval(() => void prune(store), PRUNE_EVERY_MS).unref(),
    setTimeout(() => void prune(store), PRUNE_FIRST_MS).unref(),
  ];

  return {
    store,
    view,
    /** Whether a session still stands. A session that does is noted as used. */
    async verify(session: Session): Promise<'valid' | 'ended' | 'unknown'> {
      const verdict = await view.verify(session);
      if (verdict !== 'valid') return verdict;
      const afterUse = await uses.note(session);
      if (afterUse === 'valid') for (const listener of listeners) listener(session);
      return afterUse;
    },
    /** Where a sign-in begins: an ending of the person's sessions from here on overtakes it. */
    sequence: async () => {
      // A request does not wait for what did not answer a moment ago.
      if (view.isSilent()) throw new AppError('sessions-unknown');
      return known(store.sequence());
    },
    /** @throws AppError `sign-in-overtaken`, `sessions-unknown` */
    async open(...[session, options]: Parameters<SessionStore['open']>): Promise<SessionVersion> {
      const version = await known(unwritten.write(() => store.open(session, options)));
      if (!version) throw new AppError('sign-in-overtaken');
      if (options.replaces) {
        view.end(options.replaces);
        countEndings('replaced', 1);
      }
      return version;
    },
    ...endings,
    /** Is called with each session that stands when it is used. */
    onUse: (listener: (session: Session) => void) => listeners.push(listener),
    flushSeen: uses.flush,
    async close() {
      for (const timer of timers) clearInterval(timer);
      view.close();
      await uses.flush();
      unwritten.close();
    },
  };
}

interface Parts {
  store: SessionStore;
  view: RevocationCache;
  unwritten: ReturnType<typeof createUnwritten>;
}

/** What ends sessions. */
function createEndings({ store, view, unwritten }: Parts) {
  /**
   * By the store and in this process at once. What the store does not take stands in this process all the same, and is
   * written as soon as it can be.
   */
  async function end<T>(
    whom: readonly string[] | 'everybody',
    how: unknown,
    write: () => Promise<T>,
  ): Promise<T> {
    const release = view.hold(whom);
    try {
      const value = await known(unwritten.write(write));
      await view.refresh();
      release();
      return value;
    } catch (error) {
      unwritten.keep(JSON.stringify([whom, how]), write, () => void view.refresh().then(release));
      throw error;
    }
  }

  let noticing: Promise<unknown> | undefined;
  /**
   * The database is an older copy. Where this process does not know what was ended since, all are out at once, whatever
   * becomes of the write; where it does, they are as soon as it is written. Never throws, one at a time.
   */
  function endRestored(reached: Position, isKnown: boolean): Promise<unknown> {
    noticing ??= outsideRequest(() => {
      log().error({ event: 'database-restored', ...reached });
      const whom = isKnown ? [] : 'everybody';
      const forget = () => {
        noticing = undefined;
      };
      return end(whom, ['restored', reached], () => store.endRestored(reached)).then(
        forget,
        // It is kept, and written as soon as it can be.
        () => void setTimeout(forget, NOTICE_AGAIN_MS).unref(),
      );
    });
    return within(noticing, NOTICE_MS);
  }

  return {
    endRestored,
    async endSession(session: EndedSession, ending: Ending): Promise<void> {
      // At once in this process, whatever becomes of the rest.
      view.end(session);
      await end([], [session.id, ending], () => store.endSession(session, ending));
      countEndings(ending.reason, 1);
    },
    async endPeople(...[userIds, ...how]: Parameters<SessionStore['endPeople']>): Promise<number> {
      if (userIds.length === 0) return 0;
      const ended = await end(userIds, how, () => store.endPeople(userIds, ...how));
      countEndings(how[0].reason, ended);
      return ended;
    },
    async applyEvent(event: EventName, { left, ...effect }: EventEffect): Promise<boolean> {
      const write = () => store.applyEvent(event, { left, ...effect });
      if (left.length === 0) return write();
      const isNew = await end(left, event.id, write);
      if (isNew) countEndings('left', left.length);
      return isNew;
    },
    async endEveryone(ending: Ending): Promise<void> {
      await end('everybody', ending, () => store.endEveryone(ending));
      countEndings(ending.reason, 1);
    },
  };
}

interface UsesOptions extends Pick<Parts, 'store' | 'unwritten'> {
  idleSeconds: number | undefined;
  endSession(session: EndedSession, ending: Ending): Promise<void>;
}

/** When sessions are used; one that was not used for too long is ended. */
function createUses({ store, unwritten, idleSeconds, endSession }: UsesOptions) {
  const idle = idleSeconds === undefined ? undefined : createIdleCheck({ store, idleSeconds });
  let seen = new Map<string, number>();
  return {
    /** `unknown` while the store is silent: other processes may have served the session. */
    async note(session: Session): Promise<'valid' | 'ended' | 'unknown'> {
      const isUsed = await idle?.use(session).catch(() => 'unknown' as const);
      if (isUsed === 'unknown') return 'unknown';
      if (isUsed === false) {
        // When it cannot be written, it is over here, and every other process finds the same.
        await endSession(session, { reason: 'idle', by: session.userId }).catch(() => undefined);
        return 'ended';
      }
      seen.set(session.id, Math.floor(Date.now() / 1000));
      return 'valid';
    },

    /** Writes down when sessions were last used. */
    async flush(): Promise<void> {
      if (seen.size === 0) return;
      const noted = seen;
      seen = new Map();
      await unwritten.write(() => store.noteSeen(noted)).catch(() => undefined);
    },
  };
}

async function prune(store: SessionStore): Promise<void> {
  await Promise.all([store.prune(), pruneAudit()]).catch((error: unknown) =>
    log().warn({ event: 'prune', err: error }),
  );
}

/** The sessions of this process. */
export const sessions = singleton('revocations', () =>
  createSessions({
    store: createSessionStore(recordsDatabase()),
    idleSeconds: config().sessionIdleSeconds,
  }),
);

/** A store that does not answer is a problem of its own. */
function known<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw new AppError('sessions-unknown', {}, { cause: error });
  });
}
