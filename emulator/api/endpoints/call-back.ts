import { z } from 'zod';
import { Refusal } from '../../platform/answers';
import { CheckFailure, type Subscription } from '../../platform/callback-sender';
import { type Call, type Endpoint, flat } from './endpoint';

/** What the old registration call takes; an address is tried before it is taken. */
const registration = z.object({
  call_back_tag: z.array(z.string()).min(1),
  token: z.string().regex(/^[A-Za-z0-9]{6,64}$/),
  aes_key: z.string().regex(/^[A-Za-z0-9]{43}$/),
  url: z.url({ protocol: /^https?$/ }),
});

/** Subscribing to callbacks by an API, before the console could. @see https://open.dingtalk.com/document/orgapp/registers-event-callback-interfaces */
export const callBackEndpoints: Endpoint[] = [
  flat('/call_back/register_call_back', { method: 'POST' }, async (call) => {
    if (call.platform.events.callbacks.subscription) throw new Refusal(400041, '回调地址已存在');
    return register(call);
  }),
  flat('/call_back/update_call_back', { method: 'POST' }, async (call) => {
    requireSubscription(call);
    return register(call);
  }),
  flat('/call_back/get_call_back', {}, (call) => {
    const { tags, token, aesKey, url } = requireSubscription(call);
    return { call_back_tag: tags ?? [], token, aes_key: aesKey, url };
  }),
  flat('/call_back/delete_call_back', {}, (call) => {
    requireSubscription(call);
    call.platform.events.callbacks.subscription = undefined;
    return {};
  }),
  flat('/call_back/get_call_back_failed_result', {}, ({ platform }) => {
    const { items, hasMore } = platform.events.callbacks.takeFailed();
    return { has_more: hasMore, failed_list: items };
  }),
];

async function register({ platform, body }: Call): Promise<Record<string, never>> {
  const parsed = registration.safeParse(body.fields);
  if (!parsed.success) {
    const isUrl = parsed.error.issues.every(({ path }) => path[0] === 'url');
    throw isUrl ? new Refusal(400050, '回调地址无效') : new Refusal(40035);
  }
  const { call_back_tag: tags, aes_key: aesKey, token, url } = parsed.data;
  // The owner of a subscription by API is the company, not the app.
  const wanted = { url, token, aesKey, tags, ownerKey: platform.app.corpId };
  await platform.events.callbacks.subscribe(wanted).catch((error: unknown) => {
    throw error instanceof CheckFailure ? new Refusal(...CHECK_REFUSALS[error.kind]) : error;
  });
  return {};
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
