import 'server-only';
import { platform } from './platform';
import { revocations } from './revocation/revocations';

/**
 * Whether people can be signed in and let in, as far as this process knows: it is told which sessions have ended, and
 * there is an app token, or DingTalk gives one now.
 */
export async function isReady(): Promise<boolean> {
  try {
    if (!revocations().view.isFresh()) return false;
    await platform().warm();
    return platform().isReachable();
  } catch {
    return false;
  }
}
