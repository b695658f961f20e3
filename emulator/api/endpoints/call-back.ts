import { z } from 'zod';
import { type Answer, flatAnswer, Refusal } from '../../platform/answers';
import { CheckFailure, type Subscription } from '../../platform/callback-sender';
import { toSubscription } from '../../platform/event-hub';
import type { Call, Endpoint } from './endpoint';

/** What the old registration call takes; an address is tried before it is taken. */
const registration = z.object({
  call_back_tag: z.array(z.string()).min(1),
  token: z.string().regex(/^[A-Za-z0-9]{6,64}$/),
  aes_key: z.string().regex(/^[A-Za-z0-9]{43}$/),
  url: z.url({ protocol: /^https?$/ }),
});

function endpoint(method: 'GET' | 'POST', path: string, handle: Endpoint['handle']): Endpoint {
  return { method, path: `/call_back/${path}`, family: 'flat', token: 'app', handle };
}

/** Subscribing to callbacks by an API, before the console could. @see https://open.dingtalk.com/document/orgapp/registers-event-callback-interfaces */
export const callBackEndpoints: Endpoint[] = [
  endpoint('POST', 'register_call_back', async (call) => {
    if (call.platform.events.callbacks.subscription) throw new Refusal(400041, '回调地址已存在');
    return register(call);
  }),
  endpoint('POST', 'update_call_back', async (call) => {
    requireSubscription(call);
    return register(call);
  }),
  endpoint('GET', 'get_call_back', (call) => {
    const { tags, token, aesKey, url } = requireSubscription(call);
    return flatAnswer({ call_back_tag: tags ?? [], token, aes_key: aesKey, url });
  }),
  endpoint('GET', 'delete_call_back', (call) => {
    requireSubscription(call);
    call.platform.events.callbacks.subscription = undefined;
    return flatAnswer({});
  }),
  endpoint('GET', 'get_call_back_failed_result', ({ platform }) => {
    const { items, hasMore } = platform.events.callbacks.takeFailed();
    return flatAnswer({ has_more: hasMore, failed_list: items });
  }),
];

async function register({ platform, body }: Call): Promise<Answer> {
  const parsed = registration.safeParse(body.fields);
  if (!parsed.success) {
    const isUrl = parsed.error.issues.every(({ path }) => path[0] === 'url');
    throw isUrl ? new Refusal(400050, '回调地址无效') : new Refusal(40035);
  }
  const { call_back_tag: tags, aes_key: aesKey, token, url } = parsed.data;
  // Registered by the API: the owner is the company, not the app.
  const subscription = toSubscription({ url, token, aesKey, tags }, platform.app.corpId);
  try {
    await platform.events.callbacks.check(subscription);
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new Refusal(...CHECK_REFUSALS[error.kind]);
  }
  platform.events.callbacks.subscription = subscription;
  return flatAnswer({});
}

const CHECK_REFUSALS: Record<CheckFailure['kind'], [number, string]> = {
  'not-allowed': [400050, '回调地址无效'],
  unreachable: [400051, '回调地址访问异常'],
  'bad-answer': [400052, '回调地址返回的内容不正确'],
  timeout: [400054, '回调地址访问超时'],
};

function requireSubscription({ platform }: Call): Subscription {
  const { subscription } = platform.events.callbacks;
  if (!subscription) throw new Refusal(71007, '回调地址不存在');
  return subscription;
}
