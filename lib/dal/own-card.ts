import 'server-only';
import { cache } from 'react';
import { perhapsMember } from '../auth/auth';
import { ROOT_DEPARTMENT_ID } from '../dingtalk/departments';
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

/** The member who asks, by the directory; by their session alone where the directory is silent. Null: nobody is signed in. */
export const ownCard = cache(async (): Promise<OwnCard | null> => {
  const session = await perhapsMember();
  if (!session) return null;
  return cardOf(session).catch(() => bareCard(session));
});

function cardOf(session: Session): Promise<OwnCard> {
  return readView(async (view) => {
    const company = view.tree.departments.get(ROOT_DEPARTMENT_ID)?.name;
    const { member } = view.viewer;
    if (!member) return { ...bareCard(session), company };
    const departments = departmentsOf(view, member).filter(({ id }) => id !== ROOT_DEPARTMENT_ID);
    return { ...toCard(member), departments: departments.map(({ name }) => name), company };
  });
}

function bareCard({ userId, name }: Session): OwnCard {
  return { userId, name, departments: [] };
}
