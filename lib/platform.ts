import 'server-only';
import { config } from './config';
import { createClient } from './dingtalk/client';
import { keepOutOfLog } from './log';
import { processWide } from './process-wide';

/** The one DingTalk client of this process. */
export const platform = processWide('platform', () => {
  const { clientId, clientSecret, apiUrl, oapiUrl } = config();
  return createClient({ clientId, clientSecret, apiUrl, oapiUrl, onToken: keepOutOfLog });
});

/** Whether people can be signed in, as far as this process knows: there is an app token, or DingTalk gives one now. */
export async function isReady(): Promise<boolean> {
  try {
    await platform().warm();
    return platform().isReachable();
  } catch {
    return false;
  }
}
