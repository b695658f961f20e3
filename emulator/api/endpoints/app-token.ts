import { Refusal, v1Answer, v1Missing, v1Refusal } from '../../platform/answers';
import { appOf } from '../../platform/apps';
import type { Platform } from '../../platform/platform';
import { type Endpoint, flat, v1 } from './endpoint';

/** The three ways to the same app token. @see https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app */
export const appTokenEndpoints: Endpoint[] = [
  v1('/v1.0/oauth2/accessToken', {}, ({ platform, body }) => {
    if (body.kind !== 'json') return v1Missing('body');
    const { appKey, appSecret } = body.fields;
    if (!appKey) return v1Missing('appKey');
    if (!appSecret) return v1Missing('appSecret');
    const token = issueToken(platform, appKey, appSecret);
    if (!token) return v1Refusal(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
    return v1Answer({ accessToken: token.access_token, expireIn: token.expires_in });
  }),
  v1('/v1.0/oauth2/{corpId}/token', {}, ({ platform, body, parameters }) => {
    if (body.kind !== 'json') return v1Missing('body');
    const { client_id, client_secret, grant_type } = body.fields;
    if (grant_type !== 'client_credentials') {
      return v1Refusal(400, 'unsupported.grant.type', 'unsupported.grant.type');
    }
    if (parameters.corpId !== platform.app.corpId) return v1Refusal(500, 'unknownError', '未知错误');
    const token = issueToken(platform, client_id, client_secret);
    return token ? v1Answer(token) : v1Refusal(400, 'invalid.client', 'invalid.client');
  }),
  flat('/gettoken', { token: 'none' }, ({ platform, query }) => {
    // Only the query counts: the documentation's own sample with a body fails.
    if (query.get('corpid')) throw new Refusal(40089);
    if (!query.get('appkey')) throw new Refusal(40035, '缺少参数 corpid or appkey');
    if (!query.get('appsecret')) throw new Refusal(40035, '缺少参数 corpsecret or appsecret');
    const token = issueToken(platform, query.get('appkey'), query.get('appsecret'));
    if (!token) throw new Refusal(40096);
    return token;
  }),
];

/** Whether these are the credentials of the main app, which alone has a sign-in for browsers and events. */
export function isApp({ app }: Platform, clientId: unknown, clientSecret: unknown): boolean {
  return clientId === app.clientId && clientSecret === app.clientSecret;
}

function issueToken(platform: Platform, clientId: unknown, clientSecret: unknown) {
  const { tokenLifeSeconds } = platform.settings;
  const found = appOf(platform, clientId, clientSecret);
  return found && { access_token: found.tokens.issue(tokenLifeSeconds), expires_in: tokenLifeSeconds };
}
