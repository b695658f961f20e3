import { createHash } from 'node:crypto';
import type { Platform } from './platform';

/** What a page's `dd.config` says, and what the client knows of the page. */
export interface ConfigRequest {
  parameters: Record<string, unknown>;
  /** The page's address as the client sees it. */
  url: string;
}

/** Either the JSAPIs that the page may call from now on, or the client's error. */
export type ConfigVerdict =
  | { jsApiList: string[]; digest: 'sha256' | 'sha1' }
  | { errorCode: '3'; errorMessage: string };

/**
 * Judges `dd.config` as DingTalk does: both digests are taken, told apart by their length. The order of the checks and
 * their texts are assumed, but that of 52013, which was seen.
 *
 * @see https://open.dingtalk.com/document/development/jsapi-authentication
 */
export function judgeConfig(
  { app, jsapiTickets }: Platform,
  { parameters, url }: ConfigRequest,
): ConfigVerdict {
  const { agentId, corpId, timeStamp, nonceStr, signature, jsApiList } = parameters;
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (corpId !== app.corpId) return refuse(52010, '无效的corpid');
  if (String(agentId ?? '') !== app.agentId) return refuse(52019, '无效的agentid');
  if (!isText(nonceStr)) return refuse(52015, '无效的随机字符串参数');
  if (!isText(signature)) return refuse(52016, '无效的签名参数');
  if (!Array.isArray(jsApiList) || !jsApiList.every(isText)) return refuse(52017, '无效的jsapi列表参数');
  if (!/^\d+$/.test(String(timeStamp ?? ''))) return refuse(52018, '无效的时间戳');
  if (!/^https?:\/\//.test(url)) return refuse(52014, '无效的url参数');
  const ticket = jsapiTickets.live();
  if (ticket === undefined) return refuse(52011, 'jsapi ticket 读取失败');
  const seen = addressSeen(url);
  const text = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timeStamp}&url=${seen}`;
  const digest = signature.length === 40 ? 'sha1' : 'sha256';
  if (createHash(digest).update(text, 'utf8').digest('hex') === signature) return { jsApiList, digest };
  const view = `nonce:[${nonceStr}],timestamp:[${timeStamp}],url:[${seen}],ticketList:[${ticket.slice(0, 4)}…]`;
  return refuse(52013, `签名校验失败,${view}`);
}

function refuse(code: number, message: string): ConfigVerdict {
  return { errorCode: '3', errorMessage: `权限校验失败 Code:${code} - Message: ${message}` };
}

/**
 * As the official sample for Node.js has it: path untouched, query decoded, `+` kept, an empty query left out, a query
 * that cannot be decoded kept. What DingTalk does in the last three cases is not known.
 */
function addressSeen(url: string): string {
  const [, path = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(url) ?? [];
  try {
    return query === '' ? path : `${path}?${decodeURIComponent(query)}`;
  } catch {
    return `${path}?${query}`;
  }
}
