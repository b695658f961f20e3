import { createHash } from 'node:crypto';
import { codeFor, type Person } from './company';
import type { EmulatorProcess } from './emulator-process';

/** Who has a page `/<name>` and a route handler `/api/<name>` on the site in `peers/`; `none` has no session. */
export const CONTENDERS = ['none', 'ours', 'auth-js', 'better-auth', 'iron-session'] as const;
export type Contender = (typeof CONTENDERS)[number];
export const PEERS = ['auth-js', 'better-auth', 'iron-session'] as const satisfies Contender[];

/** As people know them. */
export const NAMES: Record<Contender, string> = {
  none: 'no session',
  ours: 'dingpass',
  'auth-js': 'Auth.js',
  'better-auth': 'better-auth',
  'iron-session': 'iron-session',
};

/**
 * Signs a person in at a contender's own endpoint, as its docs say.
 *
 * @returns the `Cookie` header that their browser sends from now on
 */
export async function signIn(
  contender: Contender,
  site: string,
  emulator: EmulatorProcess,
  person: Person,
): Promise<string> {
  const { userid, name } = person;
  const jar = new Map<string, string>();
  switch (contender) {
    case 'none':
      break;
    case 'ours': {
      const code = await codeFor(emulator, person);
      await post(jar, `${site}/api/session`, JSON.stringify({ code }));
      break;
    }
    case 'auth-js': {
      const { csrfToken } = await (await visit(jar, `${site}/api/auth/csrf`)).json();
      const form = new URLSearchParams({ csrfToken, name });
      await post(jar, `${site}/api/auth/callback/credentials`, form);
      break;
    }
    case 'better-auth': {
      const email = `${createHash('md5').update(userid).digest('hex')}@example.com`;
      const body = JSON.stringify({ email, name, password: 'a-password-of-some-length' });
      await post(jar, `${site}/api/better-auth/sign-up/email`, body);
      break;
    }
    case 'iron-session':
      await post(jar, `${site}/api/iron-session`, JSON.stringify({ name }));
  }
  return [...jar].map(([cookie, value]) => `${cookie}=${value}`).join('; ');
}

function post(jar: Map<string, string>, url: string, body: string | URLSearchParams): Promise<Response> {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  return visit(jar, url, { method: 'POST', body, headers });
}

/** As a browser: sends the cookies that it has, says where it comes from, and keeps what it is given. */
async function visit(jar: Map<string, string>, url: string, init: RequestInit = {}): Promise<Response> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...init.headers, origin: new URL(url).origin, ...(cookie ? { cookie } : {}) };
  const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
  if (answer.status >= 400) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  for (const line of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /max-age=0/i.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
  return answer;
}
