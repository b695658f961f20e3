import { v1Answer, v1Missing, v1Refusal } from '../../platform/answers';
import { isApp } from './app-token';
import { type Endpoint, v1 } from './endpoint';

/** Opens a Stream connection: an address and a ticket for it. @see https://open.dingtalk.com/document/development/stream-mode */
export const gatewayEndpoints: Endpoint[] = [
  v1('/v1.0/gateway/connections/open', {}, ({ platform, body }) => {
    if (body.kind !== 'json') return v1Missing('body');
    const { clientId, clientSecret, subscriptions } = body.fields;
    if (!clientId) return v1Missing('clientId');
    if (!clientSecret) return v1Missing('clientSecret');
    if (!Array.isArray(subscriptions) || subscriptions.length === 0) return v1Missing('subscriptions');
    if (!isApp(platform, clientId, clientSecret)) return v1Refusal(401, 'authFailed', '鉴权失败');
    return v1Answer(platform.events.gateway.issueTicket(platform.url));
  }),
];
