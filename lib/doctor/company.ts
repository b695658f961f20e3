import 'server-only';
import { z } from 'zod';
import type { Client } from '../dingtalk/client';
import { DingTalkError } from '../dingtalk/errors';

/**
 * Whether an app belongs to a company: only to its own is it given a token this way. Assumed of DingTalk, which has no
 * better word for it than an unknown error.
 *
 * @param client has just been given a token the other way
 * @throws DingTalkError where there is no answer
 */
export async function isAppOf(client: Client, corpId: string): Promise<boolean> {
  const { clientId, clientSecret } = client.credentials;
  try {
    await client.call({
      host: 'api',
      method: 'POST',
      path: '/v1.0/oauth2/{corpId}/token',
      pathValues: { corpId },
      body: { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' },
      schema: z.unknown(),
      token: 'none',
      repeatable: false,
      paced: true,
    });
    return true;
  } catch (error) {
    if (error instanceof DingTalkError && !error.isOwnCode && !error.isThrottled) return false;
    throw error;
  }
}
