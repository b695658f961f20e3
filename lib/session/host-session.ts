import 'server-only';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { config } from '../config';
import { singleton } from '../singleton';
import type { AuditLine } from '../storage/audit-line';
import { createSealedSessions, type OpenedSession, type SessionSettings } from './sealed-sessions';
import type { Session } from './session-cookie';
import type { SessionVersion } from './session-store';
import { sessions } from './sessions';
import type { ClientKind } from './user-agent';

/**
 * A member's session on one protected host. The upstream of that host sees its cookie: the host is inside the seal, and
 * the cookie opens nothing anywhere else.
 */
export interface HostSession extends Session {
  host: string;
  /** The session that it came from, and ends with; undefined for a sign-in on this host. */
  parentId?: string | undefined;
}

/** 2,000 people on 6 hosts have 12,000. */
const KIND = {
  cookie: 'dingpass-host',
  purpose: 'host-session',
  fields: { host: z.string().min(1).max(253), parentId: z.uuid().optional() },
  maxRemembered: 40_000,
  maxRememberedBytes: 24_000_000,
};

/** The one owner of the cookies of protected hosts. */
function createHostSessions(settings: SessionSettings) {
  const sealed = createSealedSessions<HostSession>(settings, KIND, { now: Date.now });
  return {
    ...sealed,
    /** Opens the session in a `Cookie` header that came to a host: never throws, and never another host's. */
    async open(cookieHeader: string | undefined, host: string): Promise<OpenedSession<HostSession>> {
      const opened = await sealed.open(cookieHeader);
      if (!opened.session || opened.session.host === host) return opened;
      return { session: null, reason: 'other-host' };
    },
  };
}

/** A protected host's cookie is never `SameSite=None`: no other site's page may use it. */
export const hostSessions = singleton('host-sessions', () =>
  createHostSessions({ ...config(), sessionSameSite: 'lax' }),
);

/** Whether a host's session stands, and the one that it came from. */
export async function standingOf(session: HostSession): Promise<'valid' | 'ended' | 'unknown'> {
  const state = await sessions().verify(session);
  const { host: _host, parentId, ...parent } = session;
  if (state !== 'valid' || parentId === undefined) return state;
  return sessions().verify({ ...parent, id: parentId });
}

/**
 * Opens a session on a host for the member of another session: with that one's time of sign-in and end.
 *
 * @returns null where that session has ended, or the sign-in was overtaken
 * @throws AppError `sessions-unknown`
 */
export async function openChildSession(
  parent: Session,
  host: string,
  client: ClientKind,
): Promise<{ session: HostSession; setCookie: string } | null> {
  const since = await sessions().sequence();
  if ((await sessions().verify(parent)) !== 'valid') return null;
  const { id: parentId, ...rest } = parent;
  const line: AuditLine = { event: 'sign-in', userId: parent.userId, sessionId: parentId, detail: host };
  return openHostSession({ ...rest, id: randomUUID(), host, parentId }, { since, client, line });
}

/** Enters a host's session, and seals it. @returns null where the sign-in was overtaken */
export async function openHostSession(
  draft: Omit<HostSession, keyof SessionVersion>,
  { since, client, line }: { since: number; client: ClientKind; line: AuditLine },
): Promise<{ session: HostSession; setCookie: string } | null> {
  const version = await sessions()
    .open({ ...draft, client }, { since, line })
    .catch((error: unknown) => {
      if ((error as { problem?: string }).problem === 'sign-in-overtaken') return null;
      throw error;
    });
  if (!version) return null;
  const session: HostSession = { ...draft, ...version };
  return { session, setCookie: await hostSessions().seal(session) };
}
