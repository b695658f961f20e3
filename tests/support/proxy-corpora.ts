import { describe, expect, test } from 'vitest';
import { openCorpus } from './corpus';
import { HOST, ORIGIN, type ProxiedGate, sendLines } from './proxied-gate';
import type { ReverseProxy } from './reverse-proxies';

interface HeaderEntry {
  id: string;
  name: string;
  peer: 'proxy' | 'stranger';
  session: 'none' | 'A' | 'revoked' | 'copied';
  headers: Record<string, string | string[]>;
  expect: { status: number | number[]; identity: string | null };
}
interface TargetEntry {
  id: string;
  input: string;
  note: string;
  expect: { decision: 'accept' | 'reject' };
}

/** Not a visitor's to cause: connections that are no proxy's; the scheme, which a proxy takes from the connection. */
const BEYOND = ['FA-066', 'FA-067', 'FA-073', 'FA-074'];
/** A ticket is brought to the gate's own address: tests/app/gate-corpora.test.ts. */
const TICKETS = ['FA-077', 'FA-079', 'FA-081'];
/** What proxies refuse by themselves. */
const REFUSED = [400, 403, 404, 405, 421];

/** The corpora of forward authentication, sent by a visitor of a real proxy, who forges the headers of the question. */
export function describeCorpora(reached: () => ReverseProxy & ProxiedGate, revoked: () => string): void {
  const headers = openCorpus<HeaderEntry>('forward-auth-headers').all.filter(
    ({ id }) => ![...BEYOND, ...TICKETS].includes(id),
  );
  const targets = openCorpus<TargetEntry>('redirects-absolute-allowlist').all;

  describe('corpora', () => {
    test.each(headers.map((entry) => [entry.id, entry.name, entry] as const))(
      '%s: %s',
      async (_id, _name, entry) => {
        const { cookies, userid, upstream } = reached();
        upstream.requests.length = 0;
        const asked = entry.headers;
        const cookie = { none: '', A: cookies.member, revoked: revoked(), copied: cookies.memberOnSibling }[
          entry.session
        ];
        const lines = Object.entries(asked)
          .filter(([name]) => name !== 'cookie')
          .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`));
        const answer = await sendLines(reached(), [
          `${asked['x-forwarded-method']} ${[asked['x-forwarded-uri']].flat()[0]} HTTP/1.1`,
          // The proxy of one host asks about that host alone.
          `Host: ${entry.session === 'copied' ? HOST : asked['x-forwarded-host']}`,
          `Cookie: ${cookie}`,
          ...lines,
        ]);
        const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1]);
        // Caddy answers 200 and nothing for a host that it does not have.
        const isRefused = upstream.requests.length === 0 && /^content-length: 0\r/im.test(answer);
        if (!isRefused) expect([...REFUSED, entry.expect.status].flat()).toContain(status);
        const location = /^location: (\S+)/im.exec(answer)?.[1];
        if (location) expect([ORIGIN, `https://${HOST}`]).toContain(new URL(location).origin);
        const identities = upstream.requests.map((request) => request.headers['remote-user']);
        expect(identities).toEqual(entry.expect.identity === null ? [] : [userid]);
        expect(JSON.stringify(upstream.requests.map(({ raw }) => raw))).not.toMatch(
          /"remote.(?:user|groups|name)","(?:admin|x%)/i,
        );
      },
    );

    test.each(targets.map((entry) => [entry.id, entry.note, entry] as const))(
      '%s: %s',
      async (_id, _note, entry) => {
        const raw = Buffer.from(entry.input, 'utf8')
          .toString('latin1')
          .replace(/[\t\\]/g, encodeURIComponent);
        const answer = await sendLines(reached(), [
          `GET /.dingpass/sign-in?rd=${raw} HTTP/1.1`,
          'Accept: text/html',
        ]);
        const there = new URL(/^location: (\S+)/im.exec(answer)?.[1] ?? '');
        expect([there.origin, there.pathname]).toEqual([ORIGIN, '/gate']);
        const path = /^https:\/\/[^/?]*(.*)$/.exec(entry.input)?.[1];
        expect(there.searchParams.get('rd')).toBe(entry.expect.decision === 'accept' ? path : '/');
      },
    );
  });
}
