import type { Platform } from '../../platform/platform';

/** What the app asks of the login page, checked. */
export interface AuthorizeRequest {
  redirectUri: string;
  scopes: string[];
  /** As it came, byte for byte; undefined when there was none. */
  state: string | undefined;
  /** The company that the person must belong to. */
  corpId: string | undefined;
  /** The request's own parameters, to carry on. */
  parameters: [string, string][];
}

/** Why a request to the login page is wrong, for people. There is no redirect then. */
export interface AuthorizeProblem {
  problem: string;
  english: string;
}

const CARRIED = [
  'redirect_uri',
  'response_type',
  'client_id',
  'scope',
  'prompt',
  'state',
  'org_type',
  'corpId',
];

/** Checks the parameters of the login page as DingTalk documents them. @see https://open.dingtalk.com/document/orgapp/obtain-identity-credentials */
export function parseAuthorizeRequest(
  platform: Platform,
  query: URLSearchParams,
): AuthorizeRequest | AuthorizeProblem {
  const redirectUri = query.get('redirect_uri') ?? '';
  const scopes = (query.get('scope') ?? '').split(' ').filter(Boolean);
  const corpId = query.get('corpId') ?? undefined;
  if (query.get('client_id') !== platform.app.clientId) {
    return wrong('client_id 不存在', 'client_id is not the Client ID of a known app');
  }
  if (!platform.settings.redirectUris.includes(redirectUri)) {
    return wrong('redirect_uri 未授权 (50001)', 'redirect_uri is not registered, or not exactly like this');
  }
  if (query.get('response_type') !== 'code')
    return wrong('response_type 无效', 'response_type must be "code"');
  if (!scopes.includes('openid')) return wrong('scope 无效', 'scope must contain "openid"');
  if (query.get('prompt') !== 'consent') return wrong('prompt 无效', 'prompt must be "consent"');
  if (corpId !== undefined && !scopes.includes('corpid')) {
    return wrong('corpId 需要 scope=openid corpid', 'corpId needs the scope "openid corpid"');
  }
  const parameters = CARRIED.flatMap((name): [string, string][] => {
    const value = query.get(name);
    return value === null ? [] : [[name, value]];
  });
  return { redirectUri, scopes, state: query.get('state') ?? undefined, corpId, parameters };
}

function wrong(problem: string, english: string): AuthorizeProblem {
  return { problem, english };
}
