import 'server-only';
import { cache } from 'react';
import { admissionOf } from '../auth/access/admission';
import { mayReadAudit } from '../auth/administrator';
import { isViewerAdministrator } from '../auth/administrator-list';
import { perhapsMember } from '../auth/auth';
import type { Session } from '../session/session-cookie';
import { departmentsOf } from './department-node';
import { toCard } from './person-card';
import { readView } from './viewer';

/** What the frame of a page says about the member who is signed in. */
export interface OwnCard {
  userId: string;
  name: string;
  avatarUrl?: string | undefined;
  title?: string | undefined;
  departments: readonly string[];
  /** What the company calls itself in DingTalk, as far as it is known. */
  company?: string | undefined;
}

/** DingTalk's number for the whole company. */
const ROOT_DEPARTMENT = 1;

/** The member who asks, by the directory; by their session alone where the directory is silent. Null: the visitor is not signed in. */
export const ownCard = cache(async (): Promise<OwnCard | null> => {
  const session = await perhapsMember();
  if (!session) return null;
  return cardOf(session).catch(() => bareCard(session));
});

function cardOf(session: Session): Promise<OwnCard> {
  return readView(async (view) => {
    const company = view.tree.departments.get(ROOT_DEPARTMENT)?.name;
    const { member } = view.viewer;
    if (!member) return { ...bareCard(session), company };
    const departments = departmentsOf(view, member).filter(({ id }) => id !== ROOT_DEPARTMENT);
    return { ...toCard(member), departments: departments.map(({ name }) => name), company };
  });
}

function bareCard({ userId, name }: Session): OwnCard {
  return { userId, name, departments: [] };
}

/** For whom an address of the administration is. */
export type Audience = 'administrators' | 'auditors';

interface OwnPage {
  /** Its path. */
  href: string;
  /** Undefined: for whom the access rules let in. */
  audience?: Audience | undefined;
}

/**
 * Those of some pages that the member who asks may open, by the access rules and by what the pages ask themselves.
 * Decoration only: each page asks anew. What cannot be found out is left out.
 */
export async function openPages<T extends OwnPage>(pages: readonly T[]): Promise<T[]> {
  const session = await perhapsMember();
  if (!session) return [];
  const [isAdministrator, isAuditor] = await ranksOf(session.userId);
  const isOpen = async ({ href, audience }: OwnPage) => {
    if (audience === 'administrators' && !isAdministrator) return false;
    if (audience === 'auditors' && !isAuditor) return false;
    return (await admissionOf(session.userId, [href])).admitted;
  };
  const open = await Promise.all(pages.map((page) => isOpen(page).catch(() => false)));
  return pages.filter((_, at) => open[at]);
}

const ranksOf = cache(
  (userId: string): Promise<[isAdministrator: boolean, isAuditor: boolean]> =>
    Promise.all([
      // DingTalk is not asked: this is on every page.
      isViewerAdministrator(userId, { ask: false }).catch(() => false),
      mayReadAudit({ userId }, { ask: false }).catch(() => false),
    ]),
);
