import { Refusal } from '../../platform/answers';
import { ROBOT } from '../../platform/robots';
import { type Call, type Endpoint, flat } from './endpoint';

/** A custom robot's webhook. @see https://open.dingtalk.com/document/robots/custom-robot-access */
export const robotEndpoints: Endpoint[] = [
  flat('/robot/send', { method: 'POST', token: 'none' }, ({ platform, query, body }) => {
    if (query.get('access_token') !== ROBOT.token) throw new Refusal(300005);
    if (!platform.robots.isSigned(query.get('timestamp') ?? '', query.get('sign') ?? ''))
      throw new Refusal(310000);
    const text = textOf(body.fields);
    if (text === undefined) throw new Refusal(40035);
    if (!platform.robots.write(text)) throw new Refusal(130101);
    return {};
  }),
];

function textOf({ msgtype, text }: Call['body']['fields']): string | undefined {
  const content = typeof text === 'object' && text !== null && 'content' in text ? text.content : undefined;
  return msgtype === 'text' && typeof content === 'string' && content !== '' ? content : undefined;
}
