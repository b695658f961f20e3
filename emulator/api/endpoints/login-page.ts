import type { Account } from './login-accounts';
import type { AuthorizeProblem, AuthorizeRequest } from './login-request';

/** What the page shows. */
export interface AccountsView {
  request: AuthorizeRequest;
  search: string;
  members: Account[];
  outsiders: Account[];
  corpName: string;
}

/** The page on which a person chooses an account. Plain HTML: it works without scripts and without other hosts. */
export function accountsPage(view: AccountsView, nonce: string): string {
  const { request, search, members, outsiders } = view;
  const query = new URLSearchParams(request.parameters);
  const hidden = request.parameters
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
  const list = (accounts: Account[]) => accounts.map((account) => item(account, query)).join('');
  const noMatch = '<p class="none">没有找到 <span lang="en">Nobody found</span></p>';
  return layout(
    `<h1>登录钉钉 <span lang="en">Log in to DingTalk</span></h1>
<p class="ask">将以所选账号登录 <b>${escapeHtml(new URL(request.redirectUri).host)}</b>
<span lang="en">The app will know you as the account that you choose.</span></p>
<form method="get" action="/oauth2/auth" role="search">${hidden}
<label for="q">搜索${escapeHtml(view.corpName)}的成员 <span lang="en">Find a member</span></label>
<div class="row"><input id="q" name="q" type="search" value="${escapeHtml(search)}" autocomplete="off">
<button>搜索</button></div></form>
<section aria-label="成员 Members"><h2>企业成员 <span lang="en">Members</span></h2>
${members.length > 0 ? `<ul>${list(members)}</ul>` : noMatch}</section>
<section aria-label="其他账号 Other accounts"><h2>其他账号 <span lang="en">Other accounts</span></h2>
<ul>${list(outsiders)}</ul></section>
<a class="refuse" href="/oauth2/auth/refuse?${escapeHtml(query.toString())}">拒绝 <span lang="en">Refuse</span></a>`,
    nonce,
  );
}

/** The page for a request that DingTalk does not accept. */
export function problemPage({ problem, english }: AuthorizeProblem, nonce: string): string {
  return layout(
    `<h1>无法登录 <span lang="en">Cannot log in</span></h1><p role="alert">${escapeHtml(problem)}
<span lang="en">${escapeHtml(english)}</span></p>`,
    nonce,
  );
}

function item(account: Account, query: URLSearchParams): string {
  const target = new URLSearchParams(query);
  target.set('account', account.id);
  // An initial rather than a picture: many do not have one, and none may come from elsewhere.
  const initial = [...account.nick.replace(/[^\p{L}\p{N}]/gu, '')][0] ?? '?';
  return `<li><a href="/oauth2/auth/choose?${escapeHtml(target.toString())}" data-account="${escapeHtml(account.id)}">
<i aria-hidden="true">${escapeHtml(initial)}</i><span class="who"><b><bdi>${escapeHtml(account.nick)}</bdi></b>
<small><bdi>${escapeHtml(account.note)}</bdi></small></span></a></li>`;
}

function layout(body: string, nonce: string): string {
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>登录钉钉（模拟器）</title><link rel="icon" href="data:,">
<style nonce="${nonce}">${STYLE}</style></head><body><main>${body}
<footer>这是模拟器，不是真正的钉钉。<span lang="en">An emulator, not the real DingTalk.</span></footer></main></body></html>`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#171a1d;--soft:#5f6670;--line:#e3e6ea;--card:#fff;--ground:#f2f4f7;--blue:#0b6fd8}
@media (prefers-color-scheme:dark){:root{--ink:#eceef1;--soft:#a2a9b4;--line:#363b42;--card:#1f2227;--ground:#14161a;--blue:#5aa7ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:30rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.375rem;margin:0 0 .5rem}
h2{font-size:.9375rem;margin:1.5rem 0 .5rem;color:var(--soft)}
[lang=en]{color:var(--soft);font-weight:400;font-size:.8125em}
.ask{margin:0 0 1rem;overflow-wrap:anywhere}.ask span{display:block}
label{display:block;margin-bottom:.25rem}
.row{display:flex;gap:.5rem}
input[type=search]{flex:1;min-width:0;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .75rem}
button{font:inherit;border:0;border-radius:.5rem;padding:.6rem 1rem;background:var(--blue);color:var(--card);cursor:pointer}
ul{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow:hidden}
li+li{border-top:1px solid var(--line)}
li a{display:flex;gap:.75rem;align-items:center;padding:.7rem .9rem;min-height:3.5rem;color:inherit;text-decoration:none}
li a:hover,li a:focus-visible{background:var(--ground)}
i{flex:none;width:2.25rem;height:2.25rem;border-radius:.5rem;background:var(--blue);color:var(--card);display:grid;place-items:center;font-style:normal}
.who{min-width:0}.who b,.who small{display:block;overflow-wrap:anywhere;font-weight:500}.who small{color:var(--soft)}
.refuse{display:block;margin-top:1.5rem;padding:.75rem;text-align:center;border:1px solid var(--line);border-radius:.5rem;color:inherit;text-decoration:none}
.none{color:var(--soft)}footer{margin-top:2rem;color:var(--soft);font-size:.8125rem;text-align:center}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}`;

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
