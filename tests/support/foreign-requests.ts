import { beforeEach, describe, expect, test } from 'vitest';
import { askProxy, HOST, openSocket, type ProxiedGate, SIBLING, sendLines } from './proxied-gate';
import type { ReverseProxy } from './reverse-proxies';

/** Requests that hide others, that other sites' pages send, or whose cookies are not this host's. */
export function describeForeignRequests(reached: () => ReverseProxy & ProxiedGate): void {
  const seen = () => reached().upstream.requests;
  beforeEach(() => {
    seen().length = 0;
  });

  describe('body', () => {
    const hidden = `GET /hidden HTTP/1.1\r\nHost: ${HOST}\r\nRemote-User: forged\r\n\r\n`;
    test.each([
      ['both lengths', ['Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${hidden}`],
      [
        'both lengths, the other way round',
        [`Content-Length: ${hidden.length + 5}`, 'Transfer-Encoding: chunked'],
        `0\r\n\r\n${hidden}`,
      ],
      ['two lengths', ['Content-Length: 0', `Content-Length: ${hidden.length}`], hidden],
      ['an unknown coding', ['Transfer-Encoding: xchunked', 'Content-Length: 0'], `0\r\n\r\n${hidden}`],
      [
        'a blank before the colon',
        ['Transfer-Encoding : chunked', `Content-Length: ${hidden.length + 5}`],
        `0\r\n\r\n${hidden}`,
      ],
      ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${hidden}`],
      ['a length with a sign', [`Content-Length: +0`], hidden],
      [
        'a folded line',
        ['X: y', ' Transfer-Encoding: chunked', `Content-Length: ${hidden.length + 5}`],
        `0\r\n\r\n${hidden}`,
      ],
      ['a chunk with an extension', ['Transfer-Encoding: chunked'], `0;\nx\r\n\r\n${hidden}`],
      [
        'a trailer',
        ['Transfer-Encoding: chunked', 'Trailer: Remote-User'],
        `1\r\nx\r\n0\r\nRemote-User: forged\r\n\r\n`,
      ],
      ['of a GET', [`Content-Length: ${hidden.length}`], hidden],
    ])('hides no second request: %s', async (what, headers, body) => {
      const { cookies } = reached();
      const method = what === 'of a GET' ? 'GET' : 'POST';
      for (const cookie of ['', cookies.member])
        await sendLines(
          reached(),
          [`${method} /upload HTTP/1.1`, 'Connection: keep-alive', `Cookie: ${cookie}`, ...headers],
          body,
        );
      expect(seen().filter(({ url }) => url === '/hidden')).toEqual([]);
      for (const { raw } of seen()) expect(raw.join('\n')).not.toContain('forged');
      // What comes after it on the connections of the proxy is answered as ever.
      const after = await askProxy(reached(), '/status/200', { headers: { cookie: cookies.member } });
      expect([after.status, after.text]).toEqual([200, 'by the upstream']);
    });

    test('chunked uploads, and those that wait to be told to go on, pass', async () => {
      const own = [`Cookie: ${reached().cookies.member}`, `Origin: https://${HOST}`];
      const chunked = await sendLines(
        reached(),
        ['POST /upload HTTP/1.1', 'Transfer-Encoding: chunked', ...own],
        '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
      );
      expect(chunked).toContain('{"bytes":5}');
      const expecting = await sendLines(
        reached(),
        ['POST /upload HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 4', ...own],
        'abcd',
      );
      expect(expecting).toContain('{"bytes":4}');
    });
  });

  describe("a sibling host's page", () => {
    const sibling = `https://${SIBLING}`;
    test.each([
      ['POST', [`Origin: ${sibling}`]],
      ['POST', ['Sec-Fetch-Site: same-site']],
      ['POST', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate']],
      ['POST', ['Origin: null']],
      ['POST', [`Origin: https://${HOST}`, `Origin: ${sibling}`]],
      ['POST', [`Origin: ${sibling}`, `Origin: https://${HOST}`]],
      ['POST', [`Origin: https://${HOST}`, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: same-site']],
      ['POST', [`Origin: https://${HOST}.evil.example`]],
      ['POST', [`Origin: http://${HOST}`]],
      ['POST', [`Origin: https://${HOST}:444`]],
      ['PUT', [`Origin: ${sibling}`]],
      ['PATCH', [`Origin: ${sibling}`]],
      ['DELETE', ['Sec-Fetch-Site: same-site']],
      ['PROPFIND', [`Origin: ${sibling}`]],
      [
        'GET',
        [
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Origin: ${sibling}`,
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Version: 13',
        ],
      ],
      ['GET', ['Upgrade: WebSocket', 'Connection: upgrade', 'Sec-Fetch-Site: same-site']],
      ['GET', ['Upgrade: h2c, websocket', 'Connection: Upgrade, HTTP2-Settings', `Origin: ${sibling}`]],
    ])('sends nothing to the upstream: %s %s', async (method, headers) => {
      const { cookies } = reached();
      const length = method === 'GET' ? [] : ['Content-Length: 3'];
      await sendLines(
        reached(),
        [`${method} /p HTTP/1.1`, `Cookie: ${cookies.member}`, ...length, ...headers],
        method === 'GET' ? '' : 'a=1',
      );
      expect(seen()).toEqual([]);
    });

    test('opens no WebSocket', async () => {
      const { cookies } = reached();
      expect(await openSocket(reached(), { cookie: cookies.member, origin: `https://${HOST}` })).toBe(
        'echo hello',
      );
      seen().length = 0;
      expect(await openSocket(reached(), { cookie: cookies.member, origin: sibling })).toBe('403');
      expect(await openSocket(reached(), { cookie: cookies.outsider, origin: `https://${HOST}` })).toBe(
        '403',
      );
      expect(
        await openSocket(reached(), { cookie: cookies.memberOnSibling, origin: `https://${HOST}` }),
      ).toBe('401');
      expect(seen()).toEqual([]);
    });
  });

  describe('cookie', () => {
    test("of another host, twice, too large or another's: nothing reaches the upstream", async () => {
      const { cookies } = reached();
      const host = cookies.member.split('; ').find((pair) => pair.startsWith('__Host-dingpass-host='))!;
      for (const header of [
        cookies.memberOnSibling,
        `${cookies.memberOnSibling}; ${host}`,
        `${host}; ${host}`,
        host.replace('__Host-', ''),
        host.replace('__Host-dingpass-host', '__Host-dingpass'),
        host.replace('__Host-', '__host-'),
        `${host}x`.slice(0, -9),
        `a=${'x'.repeat(40_000)}; ${host}`,
      ])
        await sendLines(reached(), ['GET /p HTTP/1.1', `Cookie: ${header}`]);
      await sendLines(reached(), [
        'GET /p HTTP/1.1',
        `Cookie: ${host}`,
        `Cookie: ${cookies.memberOnSibling}`,
      ]);
      expect(seen()).toEqual([]);
    });
  });
}
