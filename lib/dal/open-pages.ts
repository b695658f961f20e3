import 'server-only';
import { cache } from 'react';
import { admissionOf } from '../auth/access/admission';
import { mayReadAudit } from '../auth/administrator';
import { isViewerAdministrator } from '../auth/administrator-list';
import { perhapsMember } from '../auth/auth';

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
