import { Refusal, v1Answer, v1Missing, v1Refusal } from '../../platform/answers';
import type { Platform } from '../../platform/platform';
import { type Endpoint, flat, v1 } from './endpoint';

/** The three ways to the same app token. @see https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app */
export const appTokenEndpoints: Endpoint[] = [
  v1('/v1.0/oauth2/accessToken', {}, ({ platform, body }) => {
    if (body.kind !== 'json') return v1Missing('body');
    const { appKey, appSecret } = body.fields;
    if (!appKey) return v1Missing('appKey');
    if (!appSecret) return v1Missing('appSecret');
    if (!isApp(platform, appKey, appSecret)) {
      return v1Refusal(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
    }
    const { access_token: accessToken, expires_in: expireIn } = issueToken(platform);
    return v1Answer({ accessToken, expireIn });
  }),
  v1('/v1.0/oauth2/{corpId}/token', {}, ({ platform, body, parameters }) => {
    if (body.kind !== 'json') return v1Missing('body');
    const { client_id, client_secret, grant_type } = body.fields;
    if (grant_type !== 'client_credentials') {
      return v1Refusal(400, 'unsupported.grant.type', 'unsupported.grant.type');
    }
    if (parameters.corpId !== platform.app.corpId) return v1Refusal(500, 'unknownError', '未知错误');
    if (!isApp(platform, client_id, client_secret)) return v1Refusal(400, 'invalid.client', 'invalid.client');
    return v1Answer(issueToken(platform));
  }),
  flat('/gettoken', { token: 'none' }, ({ platform, query }) => {
    // Only the query counts: the documentation's own sample with a body fails.
    if (query.get('corpid')) throw new Refusal(40089);
    if (!query.get('appkey')) throw new Refusal(40035, '缺少参数 corpid or appkey');
    if (!query.get('appsecret')) throw new Refusal(40035, '缺少参数 corpsecret or appsecret');
    if (!isApp(platform, query.get('appkey'), query.get('appsecret'))) throw new Refusal(40096);
    return issueToken(platform);
  }),
];

/** Whether these are the credentials of the registered app. */
export function isApp({ app }: Platform, clientId: unknown, clientSecret: unknown): boolean {
  return clientId === app.clientId && clientSecret === app.clientSecret;
}

function issueToken({ settings: { tokenLifeSeconds }, appTokens }: Platform) {
  return { access_token: appTokens.issue(tokenLifeSeconds), expires_in: tokenLifeSeconds };
}
