import { flatAnswer, v1Answer } from '../../platform/answers';
import type { Endpoint } from './endpoint';

/** The ticket that signs dd.config. @see https://open.dingtalk.com/document/orgapp/obtain-jsapi_ticket */
export const jsapiTicketEndpoints: Endpoint[] = [
  {
    method: 'POST',
    path: '/v1.0/oauth2/jsapiTickets',
    family: 'v1',
    token: 'app',
    permission: 'qyapi_base',
    handle({ platform }) {
      const { ticket, lifeSeconds } = platform.jsapiTickets.issue();
      return v1Answer({ jsapiTicket: ticket, expireIn: lifeSeconds });
    },
  },
  {
    method: 'GET',
    path: '/get_jsapi_ticket',
    family: 'flat',
    token: 'app',
    permission: 'qyapi_base',
    handle({ platform }) {
      const { ticket, lifeSeconds } = platform.jsapiTickets.issue();
      return flatAnswer({ ticket, expires_in: lifeSeconds });
    },
  },
];
