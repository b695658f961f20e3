import { v1Answer } from '../../platform/answers';
import { type Endpoint, flat, v1 } from './endpoint';

/** The ticket that signs dd.config. @see https://open.dingtalk.com/document/orgapp/obtain-jsapi_ticket */
export const jsapiTicketEndpoints: Endpoint[] = [
  v1('/v1.0/oauth2/jsapiTickets', { token: 'app', permission: 'qyapi_base' }, ({ platform }) => {
    const { ticket, lifeSeconds } = platform.jsapiTickets.issue();
    return v1Answer({ jsapiTicket: ticket, expireIn: lifeSeconds });
  }),
  flat('/get_jsapi_ticket', { permission: 'qyapi_base' }, ({ platform }) => {
    const { ticket, lifeSeconds } = platform.jsapiTickets.issue();
    return { ticket, expires_in: lifeSeconds };
  }),
];
