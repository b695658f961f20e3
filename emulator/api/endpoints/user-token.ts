import { type Answer, v1Answer, v1Missing, v1Refusal } from '../../platform/answers';
import type { UserTokenPair } from '../../platform/user-tokens';
import { isApp } from './app-token';
import { type Call, type Endpoint, v1 } from './endpoint';
import { permissionAnswer } from './gate';
import { findAccount } from './login-accounts';

/** Login outside DingTalk: a code of the login page becomes a person's token, and the token a profile. */
export const userTokenEndpoints: Endpoint[] = [
  v1('/v1.0/oauth2/userAccessToken', {}, exchange),
  v1(
    '/v1.0/contact/users/{unionId}',
    { method: 'GET', token: 'user', permission: 'Contact.User.Read' },
    profile,
  ),
];

/** @see https://open.dingtalk.com/document/orgapp/obtain-user-token */
function exchange({ platform, body }: Call): Answer {
  const { settings, oauthCodes, userTokens } = platform;
  if (body.kind !== 'json') return v1Missing('body');
  const { clientId, clientSecret, code, refreshToken, grantType } = body.fields;
  if (!clientId) return v1Missing('clientId');
  if (!clientSecret) return v1Missing('clientSecret');
  if (!isApp(platform, clientId, clientSecret)) {
    return v1Refusal(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
  }
  if (!settings.permissions.includes('open_app_api_base'))
    return permissionAnswer(platform, 'open_app_api_base', 'v1');
  if (grantType === 'refresh_token') {
    if (!refreshToken) return v1Missing('refreshToken');
    const pair = userTokens.refresh(String(refreshToken));
    return pair ? pairAnswer(pair) : codeNotFound();
  }
  if (grantType !== 'authorization_code')
    return v1Refusal(400, 'unsupported.grant.type', 'unsupported.grant.type');
  if (!code) return v1Missing('code');
  const grant = oauthCodes.peek(String(code));
  if (!grant || grant.clientId !== clientId) return codeNotFound();
  oauthCodes.consume(String(code));
  const corpId = grant.scopes.includes('corpid') ? grant.corpId : undefined;
  return pairAnswer(userTokens.issue({ account: grant.account, corpId }));
}

/** @see https://open.dingtalk.com/document/orgapp/dingtalk-retrieve-user-information */
function profile({ platform, parameters, login }: Call): Answer {
  const account = login && findAccount(platform, login.account);
  if (!account || (parameters.unionId !== 'me' && parameters.unionId !== account.unionid)) {
    return v1Refusal(404, 'invalidParameter.user.notFound', '找不到该用户');
  }
  const mobile = platform.settings.permissions.includes('Contact.User.mobile')
    ? { mobile: account.mobile, stateCode: '86' }
    : {};
  return v1Answer({
    nick: account.nick,
    unionId: account.unionid,
    openId: account.openid,
    // Absent, not empty, where there is no value.
    avatarUrl: account.avatarUrl || undefined,
    ...mobile,
    email: account.email || undefined,
    visitor: false,
  });
}

function pairAnswer({ accessToken, refreshToken, expiresInSeconds, login }: UserTokenPair): Answer {
  return v1Answer({ accessToken, refreshToken, expireIn: expiresInSeconds, corpId: login.corpId });
}

function codeNotFound(): Answer {
  return v1Refusal(400, 'invalidParameter.authCode.notFound', '不合法的临时授权码');
}
