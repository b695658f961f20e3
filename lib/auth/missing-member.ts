import 'server-only';
import { noteLeaver } from '../directory/refresh';
import { sessions } from '../session/sessions';

/**
 * DingTalk has said, about this very person and whoever asked, that there is no such member: their sessions are over.
 * Never throws; what cannot be written stands in this process.
 */
export async function endMissingMember(userId: string): Promise<void> {
  await noteLeaver(userId);
  await sessions()
    .endPeople([userId], { reason: 'check', by: 'check' }, { auditsLiveOnly: true })
    .catch(() => undefined);
}
