import 'server-only';
import { directoryStore } from '../directory/store';
import type { Session } from '../session/session-cookie';
import { shownName } from '../shown-text';

type Owner = Pick<Session, 'userId' | 'name'>;

/** What a member is called now: a session has the name that was theirs at the sign-in. Asks the mirror, never DingTalk. */
export async function currentName({ userId, name }: Owner): Promise<string> {
  // Whatever is wrong with the mirror, there is a name.
  const member = await directoryStore()
    .member(userId)
    .catch(() => null);
  return member ? shownName(member.record.name, userId) : name;
}
