import { type Answer, apiName, type Family, refusalAnswer, v1Refusal } from '../../platform/answers';
import { ownerOf } from '../../platform/apps';
import type { CallBody } from '../../platform/call-request';
import { ERRMSG, isGatewayCode } from '../../platform/errcodes';
import type { App, Platform } from '../../platform/platform';
import type { Login } from '../../platform/user-tokens';
import type { Endpoint } from './endpoint';

/** A request before its endpoint sees it. */
interface Request {
  endpoint: Endpoint;
  query: URLSearchParams;
  headers: { token: string | undefined };
  body: CallBody;
  /** The caller's address. */
  ip: string;
}

/** Passed, with the app that calls and the login of a user token; or refused with an answer. */
type Verdict = { app: App; login: Login | undefined } | { answer: Answer };

/**
 * Judges a call before its endpoint sees it: token, address, permission point, calls per second, in this order
 * (the order is assumed).
 * @see https://open.dingtalk.com/document/orgapp/server-api-error-codes-1
 */
export function judge(platform: Platform, request: Request): Verdict {
  const { endpoint } = request;
  const refuse = (errcode: number, errmsg = ERRMSG[errcode] ?? '', more = {}): Verdict => {
    const wrapped = isGatewayCode(errcode);
    return { answer: refusalAnswer(errcode, errmsg, { family: endpoint.family, wrapped, ...more }) };
  };
  if (endpoint.token === 'none') return { app: platform.app, login: undefined };

  const checked =
    endpoint.family === 'v1' ? checkHeaderToken(platform, request) : checkLegacyToken(platform, request);
  if (typeof checked === 'number') return refuse(checked);
  if ('answer' in checked) return checked;

  const { settings } = platform;
  const { app } = checked;
  if (!isAllowedAddress(request.ip, settings.ipWhitelist)) {
    return refuse(60020, addressText(app.clientId, request.ip));
  }
  if (endpoint.permission && !settings.permissions.includes(endpoint.permission)) {
    return { answer: permissionAnswer({ app, settings }, endpoint.permission, endpoint.family) };
  }
  // A permission point is judged before the kind of token.
  if (endpoint.token === 'user' && !checked.login) return { answer: invalidToken() };
  if (settings.enforceQps && platform.rateLimit.exceeds(endpoint.path, settings.qps)) {
    return refuse(90018, qpsText(platform, endpoint.path));
  }
  // Calls that were refused above do not count.
  if (endpoint.counted && !platform.quota.take(settings.monthlyCalls)) return refuse(90020);
  return checked;
}

/** Refuses a call for a permission point that the app does not have, in the dialect of the endpoint. */
export function permissionAnswer(
  { app, settings }: Pick<Platform, 'app' | 'settings'>,
  permission: string,
  family: Family,
): Answer {
  const isReference = family === 'v1' && settings.permissionText === 'reference';
  const errmsg = isReference ? REFERENCE_TEXT : permissionText(app.clientId, permission);
  return refusalAnswer(60011, errmsg, {
    family,
    wrapped: true,
    tail: `, {requiredScopes=[${permission}]}`,
    detail: { accessdenieddetail: { requiredScopes: [permission] } },
  });
}

/** The other text of v1.0 for the same refusal: it names no permission point. */
const REFERENCE_TEXT =
  '没有调用该接口的权限，接口权限申请参考：https://open.dingtalk.com/document/orgapp/add-api-permission';

/** DingTalk's sentence about an address that is not on the whitelist. @param ip the caller's, as DingTalk sees it */
export function addressText(clientId: string, ip: string): string {
  return `访问ip不在白名单之中,request ip=${ip} appKey(${clientId})`;
}

/** DingTalk's sentence about a permission point that the app does not have, with the link to apply for it. */
export function permissionText(clientId: string, permission: string): string {
  const link = `https://open-dev.dingtalk.com/appscope/apply?content=${clientId}%23${permission}`;
  return `应用尚未开通所需的权限：[${permission}]，点击链接申请并开通即可：${link}`;
}

function checkLegacyToken(platform: Platform, { endpoint, query, body }: Request): Verdict | number {
  const inForm = endpoint.family === 'topapi' && body.kind === 'form' ? body.fields.access_token : undefined;
  const token = query.get('access_token') || inForm;
  if (!token) return endpoint.family === 'topapi' ? 40000 : 41001;
  const app = ownerOf(platform, String(token));
  return app ? { app, login: undefined } : 40014;
}

function checkHeaderToken(platform: Platform, { endpoint, headers }: Request): Verdict {
  if (!headers.token) {
    const message = '缺少参数：x-acs-dingtalk-access-token';
    return { answer: v1Refusal(400, 'AuthenticationFailed.MissingParameter', message) };
  }
  const app = ownerOf(platform, headers.token);
  if (app) return { app, login: undefined };
  const login = endpoint.token === 'user' ? platform.userTokens.login(headers.token) : undefined;
  if (login === 'expired') return { answer: v1Refusal(400, 'accesstoken.expired', '用户accessToken过期') };
  return login ? { app: platform.app, login } : { answer: invalidToken() };
}

function invalidToken(): Answer {
  return v1Refusal(400, 'InvalidAuthentication', '不合法的access_token');
}

function isAllowedAddress(ip: string, whitelist: readonly string[]): boolean {
  if (whitelist.length === 0) return true;
  const segments = ip.split('.');
  return whitelist.some((entry) => {
    const wanted = entry.split('.');
    return (
      wanted.length === segments.length && wanted.every((part, at) => part === '*' || part === segments[at])
    );
  });
}

function qpsText(platform: Platform, path: string): string {
  const second = Math.floor(platform.clock.now() / 1000) * 1000;
  const [from, until] = [beijing(second), beijing(second + 1000)];
  const { qps } = platform.settings;
  const api = `apiPath(${apiName(path)}), 从 ${from} 到 ${from} 请求总次数超过 ${qps} 次, 限制将在 ${until} 结束.`;
  return `${ERRMSG[90018]}, ${api}`;
}

function beijing(atMs: number): string {
  return new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
