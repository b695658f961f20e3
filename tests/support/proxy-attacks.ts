import { connect } from 'node:http2';
import { beforeEach, describe, expect, test } from 'vitest';
import { HOST, IDENTITY, type ProxiedGate, SIBLING, sendLines } from './proxied-gate';
import type { ReverseProxy } from './reverse-proxies';

type Reached = ReverseProxy & ProxiedGate;

/** `Remote-User` in every spelling that an upstream might take for it. */
export function spellings(name: string): string[] {
  const words = name.split('-');
  const joined = ['-', '_', '.', '~'].map((separator) => words.join(separator));
  const mixed =
    words.length > 2
      ? [`${words[0]}_${words.slice(1).join('-')}`, `${words[0]}-${words.slice(1).join('_')}`]
      : [];
  return [...joined, ...mixed].flatMap((one) => [one, one.toUpperCase()]);
}

const DOT_SEGMENTS = [
  '/.dingpass/../p',
  '/.dingpass/./../p',
  '/.dingpass/%2e%2e/p',
  '/.dingpass/.%2e/p',
  '/.dingpass/..%2fp',
  '/.dingpass%2f..%2fp',
  '/.dingpass/sign-in/../../p',
  '/.dingpass/verify/envoy/../../../p',
  '/.dingpass/verify/nginx/../../../p',
  '/.dingpass/..;/p',
  '/.dingpass;/../p',
  '/.dingpass/..\\p',
  '/.DINGPASS/../p',
  '//.dingpass/../p',
  '/%2edingpass/../p',
  '/x/../.dingpass/../p',
  '/p?/.dingpass/sign-in',
  '/p#/.dingpass/sign-in',
  '/p%3f/.dingpass/sign-in',
  '/.dingpassword',
  '/.dingpass',
];

const QUESTIONS = [
  '/.dingpass/verify/nginx',
  '/.dingpass/verify/forward-auth',
  '/.dingpass/verify/envoy/p',
  '/.dingpass/verify/envoy/../../sign-in',
  '/.dingpass/verify/envoy/../../denied',
  '/.dingpass/verify/envoy/%2e%2e/%2e%2e/sign-in',
  '/.dingpass/verify/envoy/..%2f..%2fsign-in',
  '/.dingpass/verify/envoy/x/../../../sign-in',
  '/.dingpass/verify/forward-auth/../../sign-in',
  '/.dingpass/verify/nginx/../../sign-in',
  '/.dingpass/sign-in/../verify/envoy/p',
  '/.dingpass/%76erify/envoy/p',
  '/.dingpass//verify/envoy/p',
  '/x/../.dingpass/verify/envoy/p',
  '/.dingpass/verify%2fenvoy/p',
  '/.DINGPASS/VERIFY/envoy/p',
];

/** What a visitor, a sibling host's page or a hostile client tries against a recipe. */
export function describeAttacks(reached: () => Reached): void {
  const seen = () => reached().upstream.requests;
  const text = () => JSON.stringify(seen());
  beforeEach(() => {
    seen().length = 0;
  });

  describe('identity', () => {
    test.each(IDENTITY)('%s in every spelling, twice, reaches no upstream', async (name) => {
      const { cookies, userid } = reached();
      const forged = spellings(name).flatMap((one) => [`${one}: forged`, `${one}: forged too`]);
      await sendLines(reached(), ['GET /p HTTP/1.1', `Cookie: ${cookies.member}`, ...forged]);
      // A proxy may also refuse the request.
      for (const { headers } of seen()) expect(headers['remote-user']).toBe(userid);
      expect(text()).not.toContain('forged');
      seen().length = 0;
      for (const one of spellings(name))
        await sendLines(reached(), ['GET /p HTTP/1.1', `Cookie: ${cookies.member}`, `${one}: forged`]);
      expect(text()).not.toContain('forged');
      seen().length = 0;
      await sendLines(reached(), ['GET /p HTTP/1.1', ...forged]);
      expect(seen()).toEqual([]);
    });

    test('a visitor takes the identity out of no request, by the Connection header', async () => {
      const { cookies, userid } = reached();
      for (const listed of [
        'Remote-User',
        'close, remote-user, x-dingpass-jwt',
        'keep-alive, Remote-User, TE',
      ])
        await sendLines(reached(), ['GET /p HTTP/1.1', `Connection: ${listed}`, `Cookie: ${cookies.member}`]);
      for (const { headers } of seen())
        expect([headers['remote-user'], headers['x-dingpass-jwt']]).toEqual([
          userid,
          expect.stringMatching(/^ey/),
        ]);
      seen().length = 0;
      await sendLines(reached(), [
        'GET /p HTTP/1.1',
        'Connection: cookie, origin',
        `Cookie: ${cookies.member}`,
      ]);
      for (const { headers } of seen()) expect(headers['remote-user']).toBe(userid);
    });

    test('over HTTP/2, where the proxy speaks it', async () => {
      const { port, authority, cookies, userid } = reached();
      const client = connect(`https://127.0.0.1:${port}`, { servername: HOST, ca: authority.pem });
      await new Promise<void>((resolve) => {
        client.on('error', () => resolve());
        const forged = Object.fromEntries(
          IDENTITY.flatMap((name) =>
            spellings(name.toLowerCase()).map((one) => [one.toLowerCase(), 'forged']),
          ),
        );
        const stream = client.request({
          ':path': '/p',
          ':authority': HOST,
          cookie: cookies.member,
          ...forged,
        });
        stream
          .on('error', () => {})
          .resume()
          .on('close', () => resolve());
      });
      client.destroy();
      for (const { headers } of seen()) expect(headers['remote-user']).toBe(userid);
      expect(text()).not.toContain('forged');
    });

    test("cookies of the gate reach no upstream, in any order; the visitor's own do", async () => {
      const { cookies } = reached();
      const host = cookies.member.split('; ').find((pair) => pair.startsWith('__Host-dingpass-host='))!;
      for (const header of [
        `${host}`,
        `own=1; ${host}`,
        `${host}; own=1`,
        `dingpass-host=x; ${host}; own=1`,
        `a=1;${host};own=1`,
      ])
        await sendLines(reached(), ['GET /p HTTP/1.1', `Cookie: ${header}`]);
      expect(seen().length).toBe(5);
      expect(text()).not.toContain('Fe26');
      expect(seen().filter(({ headers }) => headers.cookie?.includes('own=1')).length).toBe(4);
    });
  });

  describe('host', () => {
    test.each([
      ['GET /p HTTP/1.1', `Host: ${SIBLING}`],
      ['GET /p HTTP/1.1', `Host: ${SIBLING}:443`],
      [`GET https://${SIBLING}/p HTTP/1.1`, `Host: ${HOST}`],
      [`GET https://${HOST}/p HTTP/1.1`, `Host: ${SIBLING}`],
      [`GET https://${SIBLING}/p HTTP/1.1`, `Host: ${SIBLING}`],
      ['GET /p HTTP/1.1', `Host: ${HOST}`, `Host: ${SIBLING}`],
      ['GET /p HTTP/1.1', `Host: ${SIBLING}`, `Host: ${HOST}`],
      ['GET /p HTTP/1.1', `Host: ${HOST}`, `X-Forwarded-Host: ${SIBLING}`, `Forwarded: host=${SIBLING}`],
      ['GET /p HTTP/1.1', `Host: ${HOST}`, `X-Original-URL: https://${SIBLING}/p`, `X-Rewrite-URL: /p`],
      ['GET /p HTTP/1.0', 'Host:'],
      ['GET /p HTTP/1.1', `Host: ${SIBLING}@${HOST}`],
      ['GET /p HTTP/1.1', `Host: ${HOST}.`],
      ['GET /p HTTP/1.1', `Host: ${HOST}:444`],
    ])('the rules of another host open nothing here: %s, %s', async (...lines) => {
      const { cookies } = reached();
      const cookie = `${cookies.outsiderOnSibling}; ${cookies.outsider}`;
      await sendLines(reached(), [...lines, `Cookie: ${cookies.outsiderOnSibling}`]);
      await sendLines(reached(), [...lines, `Cookie: ${cookies.outsider}`]);
      await sendLines(reached(), [...lines, `Cookie: ${cookie}`]);
      await sendLines(reached(), [...lines, `Cookie: ${cookies.memberOnSibling}`]);
      expect(seen()).toEqual([]);
    });

    test('the upstream is told the host, and not the one that a visitor forged', async () => {
      const { cookies } = reached();
      const forged = [`X-Forwarded-Host: ${SIBLING}`, 'X-Forwarded-Proto: http'];
      await sendLines(reached(), ['GET /p HTTP/1.1', `Cookie: ${cookies.member}`, ...forged]);
      const [{ headers } = seen()[0]!] = seen();
      const told = [headers.host, headers['x-forwarded-host'], headers['x-forwarded-proto']];
      expect(told).toEqual([HOST, HOST, 'https']);
    });

    test('the host is the same in capital letters, and with its port', async () => {
      for (const host of [HOST.toUpperCase(), `${HOST}:443`])
        await sendLines(reached(), [
          'GET /p HTTP/1.1',
          `Host: ${host}`,
          `Cookie: ${reached().cookies.member}`,
        ]);
      expect(seen().length).toBe(2);
    });
  });

  describe('path', () => {
    test.each(DOT_SEGMENTS)('%s reaches no upstream without a session', async (path) => {
      const { cookies } = reached();
      await sendLines(reached(), [`GET ${path} HTTP/1.1`, 'Remote-User: forged']);
      await sendLines(reached(), [
        `POST ${path} HTTP/1.1`,
        'Content-Length: 0',
        `Cookie: ${cookies.outsider}`,
      ]);
      expect(seen()).toEqual([]);
    });

    test.each(QUESTIONS)('%s answers no visitor whom it lets in', async (path) => {
      const { cookies } = reached();
      const description = [
        `X-Original-Method: GET`,
        `X-Original-URL: https://${HOST}/p`,
        'X-Forwarded-Method: GET',
        'X-Forwarded-Proto: https',
        `X-Forwarded-Host: ${HOST}`,
        'X-Forwarded-Uri: /p',
      ];
      const answer = await sendLines(reached(), [
        `GET ${path} HTTP/1.1`,
        `Cookie: ${cookies.member}`,
        ...description,
      ]);
      expect(answer).not.toMatch(/^(?:remote-\w+|x-dingpass-jwt): *[^\s]/im);
    });

    test.each([
      'OPTIONS * HTTP/1.1',
      `CONNECT ${HOST}:443 HTTP/1.1`,
      'get /p HTTP/1.1',
      'GET p HTTP/1.1',
      'TRACE /p HTTP/1.1',
      'PRI * HTTP/2.0',
      'GET /p',
    ])('%s reaches no upstream without a session', async (line) => {
      await sendLines(reached(), [line, 'Remote-User: forged']);
      expect(seen()).toEqual([]);
    });
  });
}
