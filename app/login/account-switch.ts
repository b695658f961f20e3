import type { WireError } from '@/lib/http/error-response';
import { isDingTalk } from '@/lib/session/user-agent';
import { askForCode, type FlowOptions, postCode } from './flow';
import { readFlag, setFlag } from './session-flags';

/**
 * Asks the client, once in the life of a webview, who holds it, and signs in that person if the session is another's.
 * Costs one code. Never rejects, and never signs anyone out: a client that does not answer proves nothing.
 *
 * @param userId whose session the page was rendered with
 * @returns true when the session is another person's now, so that the page has to be loaded again
 */
export async function switchAccount(options: FlowOptions, userId: string): Promise<boolean> {
  if (!isDingTalk(navigator.userAgent) || readFlag('checked') !== null) return false;
  setFlag('checked', String(Date.now()));
  const asked = await askForCode(options);
  if ('kind' in asked) return false;
  try {
    const response = await postCode({ code: asked.code, corpId: options.corpId, changeOver: true });
    const answer = (await response.json()) as { member?: { userId: string }; error?: WireError };
    if (answer.error) return /^NOT_(MEMBER|ALLOWED)$/.test(answer.error.code);
    return answer.member !== undefined && answer.member.userId !== userId;
  } catch {
    return false;
  }
}
