import { v1Answer, v1Missing, v1Refusal } from '../../platform/answers';
import type { Endpoint } from './endpoint';

/** The way into Stream: an address and a ticket for it. @see https://open.dingtalk.com/document/development/stream-mode */
export const gatewayEndpoints: Endpoint[] = [
  {
    method: 'POST',
    path: '/v1.0/gateway/connections/open',
    family: 'v1',
    token: 'none',
    handle({ platform, body }) {
      if (body.kind !== 'json') return v1Missing('body');
      const { clientId, clientSecret, subscriptions } = body.fields;
      if (!clientId) return v1Missing('clientId');
      if (!clientSecret) return v1Missing('clientSecret');
      if (!Array.isArray(subscriptions) || subscriptions.length === 0) return v1Missing('subscriptions');
      const { app, url, events } = platform;
      if (clientId !== app.clientId || clientSecret !== app.clientSecret) {
        return v1Refusal(401, 'authFailed', '鉴权失败');
      }
      return v1Answer({ ...events.gateway.issueTicket(url) });
    },
  },
];
