import 'server-only';
import { noteLeaver } from '../directory/refresh';
import { sessions } from '../session/sessions';

/**
 * Ends the sessions of a person of whom DingTalk answered that there is no such member. Never throws; an ending that
 * cannot be written holds in this process.
 */
export async function endMissingMember(userId: string): Promise<void> {
  const areSessionsEnded = await sessions()
    .endPeople([userId], { reason: 'check', by: 'check' }, { auditsLiveOnly: true })
    .then(
      () => true,
      () => false,
    );
  await noteLeaver(userId, { areSessionsEnded });
}
