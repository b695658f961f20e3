import { flatAnswer, Refusal, v1Answer, v1Missing, v1Refusal } from '../../platform/answers';
import type { Endpoint } from './endpoint';

/** The three ways to the same app token. @see https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app */
export const appTokenEndpoints: Endpoint[] = [
  {
    method: 'POST',
    path: '/v1.0/oauth2/accessToken',
    family: 'v1',
    token: 'none',
    handle({ platform, body }) {
      if (body.kind !== 'json') return v1Missing('body');
      const { appKey, appSecret } = body.fields;
      if (!appKey) return v1Missing('appKey');
      if (!appSecret) return v1Missing('appSecret');
      const { app, settings, appTokens } = platform;
      if (appKey !== app.clientId || appSecret !== app.clientSecret) {
        return v1Refusal(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
      }
      const { tokenLifeSeconds } = settings;
      return v1Answer({ accessToken: appTokens.issue(tokenLifeSeconds), expireIn: tokenLifeSeconds });
    },
  },
  {
    method: 'POST',
    path: '/v1.0/oauth2/{corpId}/token',
    family: 'v1',
    token: 'none',
    handle({ platform, body, parameters }) {
      if (body.kind !== 'json') return v1Missing('body');
      const { client_id, client_secret, grant_type } = body.fields;
      if (grant_type !== 'client_credentials') {
        return v1Refusal(400, 'unsupported.grant.type', 'unsupported.grant.type');
      }
      const { app, settings, appTokens } = platform;
      if (parameters.corpId !== app.corpId) return v1Refusal(500, 'unknownError', '未知错误');
      if (client_id !== app.clientId || client_secret !== app.clientSecret) {
        return v1Refusal(400, 'invalid.client', 'invalid.client');
      }
      const { tokenLifeSeconds } = settings;
      return v1Answer({ access_token: appTokens.issue(tokenLifeSeconds), expires_in: tokenLifeSeconds });
    },
  },
  {
    method: 'GET',
    path: '/gettoken',
    family: 'flat',
    token: 'none',
    handle({ platform, query }) {
      // Only the query counts: the documentation's own sample with a body fails.
      if (query.get('corpid')) throw new Refusal(40089);
      if (!query.get('appkey')) throw new Refusal(40035, '缺少参数 corpid or appkey');
      if (!query.get('appsecret')) throw new Refusal(40035, '缺少参数 corpsecret or appsecret');
      const { app, settings, appTokens } = platform;
      if (query.get('appkey') !== app.clientId || query.get('appsecret') !== app.clientSecret) {
        throw new Refusal(40096);
      }
      const { tokenLifeSeconds } = settings;
      return flatAnswer({ access_token: appTokens.issue(tokenLifeSeconds), expires_in: tokenLifeSeconds });
    },
  },
];
