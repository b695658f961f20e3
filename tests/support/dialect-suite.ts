import { beforeEach, expect, test } from 'vitest';
import { HOST, IDENTITY, ORIGIN, PAGE, type ProxiedGate, SIBLING } from './proxied-gate';
import { send, type WireRequest } from './raw-request';
import type { ReverseProxy } from './reverse-proxies';

/** What every proxy must do with the gate's answers, by a stand-in that speaks its dialect over http. */
export function describeDialect(reached: () => ReverseProxy & ProxiedGate): void {
  const ask = (path: string, init: Omit<WireRequest, 'path'> = {}) =>
    send(
      { url: `http://127.0.0.1:${reached().port}` },
      { ...init, path, headers: { host: HOST, ...init.headers } },
    );
  const seen = () => reached().upstream.requests;
  beforeEach(() => {
    seen().length = 0;
  });

  test('a person without a session is led to sign in, and comes back to the page with its query', async () => {
    const { status, headers } = await ask('/a%2Fb?q=1&r=2', { headers: PAGE });
    expect(status).toBe(303);
    const there = new URL(headers.location!);
    expect([there.origin, there.searchParams.get('rd')]).toEqual([ORIGIN, '/a%2Fb?q=1&r=2']);
    expect(headers['set-cookie']?.join()).toContain('__Host-dingpass-begun=');
    expect(seen()).toEqual([]);
  });

  test('a program gets 401, whatever its method; a person who may not enter a whole page', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      const { status } = await ask('/p', { method, headers: { accept: 'application/json' } });
      expect([method, status]).toEqual([method, 401]);
    }
    const { cookies } = reached();
    const denied = await ask('/p', { headers: { ...PAGE, cookie: cookies.outsider } });
    expect([denied.status, denied.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(denied.headers['content-security-policy']).toContain('frame-ancestors');
    expect(seen()).toEqual([]);
  });

  test('the upstream learns who it is, and none of what a visitor forged', async () => {
    const { cookies, userid } = reached();
    const forged = Object.fromEntries(
      IDENTITY.flatMap((name) => [name, name.replaceAll('-', '_')]).map((name) => [name, 'forged']),
    );
    const { status } = await ask('/p?x=%2F', { headers: { ...forged, cookie: cookies.member } });
    expect(status).toBe(200);
    const [{ headers, raw, url } = seen()[0]!] = seen();
    expect([url, headers['remote-user']]).toEqual(['/p?x=%2F', userid]);
    expect(headers['x-dingpass-jwt']).toMatch(/^ey/);
    expect(raw.join('\n')).not.toContain('forged');
  });

  test('headers of the question open nothing, and a visitor cannot ask it', async () => {
    const { cookies, userid } = reached();
    const description = {
      'remote-user': userid,
      'x-forwarded-method': 'GET',
      'x-forwarded-host': SIBLING,
      'x-forwarded-uri': '/.dingpass/sign-in',
      'x-original-url': `https://${SIBLING}/`,
    };
    const cookie = cookies.outsiderOnSibling;
    expect((await ask('/p', { headers: { ...description, accept: 'application/json' } })).status).toBe(401);
    expect(
      (await ask('/p', { headers: { ...description, cookie, accept: 'application/json' } })).status,
    ).toBe(401);
    const question = await ask('/.dingpass/verify/envoy/p', {
      headers: { ...description, cookie: cookies.member },
    });
    expect([question.status, question.headers['remote-user']]).toEqual([404, undefined]);
    expect(seen()).toEqual([]);
  });

  test("a sibling host's page sends nothing that changes something, and opens no WebSocket", async () => {
    const { cookies } = reached();
    const sibling = { cookie: cookies.member, origin: `https://${SIBLING}`, 'sec-fetch-site': 'same-site' };
    for (const [method, headers] of [
      ['POST', sibling],
      ['DELETE', { cookie: cookies.member, 'sec-fetch-site': 'cross-site' }],
      ['GET', { ...sibling, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }],
    ] as const)
      expect((await ask('/p', { method, headers })).status).toBe(403);
    expect(seen()).toEqual([]);
    const own = { cookie: cookies.member, origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' };
    expect((await ask('/upload', { method: 'POST', headers: own, body: 'abc' })).text).toBe('{"bytes":3}');
  });

  test('a member signs out of the host', async () => {
    const { status, headers } = await ask('/.dingpass/sign-out', {
      method: 'POST',
      headers: { origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' },
      body: '',
    });
    expect([status, headers.location]).toEqual([303, `${ORIGIN}/signed-out?host=${HOST}`]);
  });
}
