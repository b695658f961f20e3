import { z } from 'zod';
import type { Client } from './client';
import type { RequestBudget } from './request';

/**
 * Where a browser goes to sign in at DingTalk: a page that shows a QR code, or asks for the account.
 *
 * Scope `openid` only: it yields the unionId, and whose employee that is, is asked with the app's own token. The
 * embedded variant (`DTFrameLogin`) is not used: it needs a script from a foreign host.
 *
 * @param loginUrl `https://login.dingtalk.com`
 * @param redirectUri exactly as registered under 安全设置 → 重定向URL
 * @see https://open.dingtalk.com/document/development/tutorial-obtaining-user-personal-information
 */
export function authorizeUrl(options: {
  loginUrl: string;
  clientId: string;
  redirectUri: string;
  state: string;
}): string {
  const query = new URLSearchParams({
    redirect_uri: options.redirectUri,
    response_type: 'code',
    client_id: options.clientId,
    scope: 'openid',
    prompt: 'consent',
    state: options.state,
  });
  return `${options.loginUrl}/oauth2/auth?${query}`;
}

/**
 * Exchanges the browser's code for the unionId of the person who signed in. Nothing else of their account is taken: it
 * may come from another company.
 *
 * @throws DingTalkError `invalidParameter.authCode.notFound` when the code is wrong, used or expired
 * @see https://open.dingtalk.com/document/development/obtain-user-token
 * @see https://open.dingtalk.com/document/development/dingtalk-retrieve-user-information
 */
export async function exchangeBrowserCode(
  client: Client,
  code: string,
  budget?: RequestBudget,
): Promise<{ unionId: string }> {
  const { accessToken } = await client.call({
    host: 'api',
    method: 'POST',
    path: '/v1.0/oauth2/userAccessToken',
    body: { ...client.credentials, code, grantType: 'authorization_code' },
    schema: z.object({ accessToken: z.string().min(1) }),
    token: 'none',
    repeatable: false,
    budget,
  });
  return client.call({
    host: 'api',
    method: 'GET',
    path: '/v1.0/contact/users/me',
    schema: z.object({ unionId: z.string().min(1).max(128) }),
    token: { user: accessToken },
    repeatable: true,
    budget,
  });
}
