import 'server-only';
import type { SessionFilter, SessionRow } from './session-store';
import { sessions } from './sessions';

/** A session with those of protected hosts that came from it. */
export interface ListedSession extends SessionRow {
  hosts: { host: string; lastSeen: number }[];
}

export interface SessionsPage {
  /** Newest first. */
  sessions: SessionRow[];
  /** Where the next page begins, if there is one. */
  next: string | undefined;
}

const PAGE_SIZE = 50;

/** A page of the sessions that stand. @param after what a page before called `next`; anything else is the beginning */
export async function pageOfSessions(
  filter: Pick<SessionFilter, 'userId'>,
  after: string | undefined,
): Promise<SessionsPage> {
  const { store, flushSeen } = sessions();
  await flushSeen();
  const [, issuedAt, id] = /^(\d{1,12})-([0-9a-f-]{36})$/.exec(after ?? '') ?? [];
  const found = await store.live({
    ...filter,
    after: id === undefined ? undefined : { issuedAt: Number(issuedAt), id },
    limit: PAGE_SIZE + 1,
  });
  const last = found.length > PAGE_SIZE ? found[PAGE_SIZE - 1] : undefined;
  return { sessions: found.slice(0, PAGE_SIZE), next: last && `${last.issuedAt}-${last.id}` };
}

/** Sessions of one person, each with those of protected hosts that came from it. */
export async function withHosts(userId: string, rows: readonly SessionRow[]): Promise<ListedSession[]> {
  const ofHosts = rows.length === 0 ? [] : await sessions().store.ofHosts(userId);
  return rows.map((row) => ({
    ...row,
    hosts: ofHosts
      .filter(({ parentId }) => parentId === row.id)
      .map(({ host = '', lastSeen }) => ({ host, lastSeen })),
  }));
}
