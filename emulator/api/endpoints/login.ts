import { randomBytes } from 'node:crypto';
import type { Answer } from '../../platform/answers';
import type { Call, Endpoint } from './endpoint';
import { findAccount, outsiderAccounts, searchAccounts } from './login-accounts';
import { accountsPage, problemPage } from './login-page';
import { type AuthorizeRequest, parseAuthorizeRequest } from './login-request';

const SHOWN_MEMBERS = 20;

/** The login page of DingTalk, where a person chooses the account to sign in with. @see https://open.dingtalk.com/document/orgapp/tutorial-obtaining-user-personal-information */
export const loginEndpoints: Endpoint[] = [
  endpoint('/oauth2/auth', showAccounts),
  endpoint('/oauth2/auth/choose', choose),
  endpoint('/oauth2/auth/refuse', refuse),
];

// Each step checks the request again: no state is kept between the page and the click.
function endpoint(path: string, next: (call: Call, request: AuthorizeRequest) => Answer): Endpoint {
  const handle = (call: Call) => {
    const request = parseAuthorizeRequest(call.platform, call.query);
    return 'problem' in request ? page(400, (nonce) => problemPage(request, nonce)) : next(call, request);
  };
  return { method: 'GET', path, family: 'page', token: 'none', handle };
}

function showAccounts({ platform, query }: Call, request: AuthorizeRequest): Answer {
  const search = query.get('q') ?? '';
  const members = searchAccounts(platform, search, SHOWN_MEMBERS);
  const { corpName } = platform.company;
  const view = { request, search, members, outsiders: outsiderAccounts(platform), corpName };
  return page(200, (nonce) => accountsPage(view, nonce));
}

function choose({ platform, query }: Call, request: AuthorizeRequest): Answer {
  const account = findAccount(platform, query.get('account') ?? '');
  if (!account) {
    return page(400, (nonce) => problemPage({ problem: '没有这个账号', english: 'No such account' }, nonce));
  }
  if (request.corpId !== undefined && request.corpId !== account.corpId) {
    const problem = {
      problem: '操作失败，你不在组织内 (11055)',
      english: 'You do not belong to this company',
    };
    return page(403, (nonce) => problemPage(problem, nonce));
  }
  const code = platform.oauthCodes.mint({
    clientId: platform.app.clientId,
    corpId: account.corpId,
    account: account.id,
    scopes: request.scopes,
  });
  const { oauthParameters } = platform.settings;
  return redirect(request, {
    ...(oauthParameters === 'authCode' ? {} : { code }),
    ...(oauthParameters === 'code' ? {} : { authCode: code }),
  });
}

function refuse(_call: Call, request: AuthorizeRequest): Answer {
  return redirect(request, { error: 'access_denied' });
}

function redirect(request: AuthorizeRequest, parameters: Record<string, string>): Answer {
  const all = { ...parameters, ...(request.state === undefined ? {} : { state: request.state }) };
  const query = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const glue = request.redirectUri.includes('?') ? '&' : '?';
  const location = `${request.redirectUri}${glue}${query.join('&')}`;
  const headers = { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
  return { status: 302, contentType: 'text/html;charset=utf-8', headers, body: '', outcome: 'ok' };
}

function page(status: number, render: (nonce: string) => string): Answer {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ];
  const headers = {
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  const outcome = status === 200 ? 'ok' : String(status);
  return { status, contentType: 'text/html;charset=utf-8', headers, body: render(nonce), outcome };
}
