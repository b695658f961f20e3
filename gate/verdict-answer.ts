import 'server-only';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { noteRefusedByRule } from '@/lib/auth/refusals';
import { config } from '@/lib/config';
import { type Problem, problems } from '@/lib/errors';
import { log } from '@/lib/log';
import { countVerdict } from '@/lib/metrics';
import { deniedPage, unavailablePage } from './denied-page';
import { identityHeaders } from './identity-headers';
import { isNavigation } from './other-site';
import { sendPage } from './page';
import { signInPage } from './sign-in-page';
import type { Dialect, VisitorRequest } from './sub-request';
import type { Verdict } from './verdict';

interface Asked {
  dialect: Dialect;
  visitor: VisitorRequest;
  response: ServerResponse;
}

/** With every answer: upstreams must find no identity that the visitor sent. */
const emptyIdentity = (): [string, string][] => [
  ...identityHeaders(undefined, [], config().gate.headers),
  ['X-Dingpass-Jwt', ''],
];

/**
 * Tells a proxy the verdict. nginx takes nothing but the status, and shows pages by redirects of its own; the other
 * proxies hand the whole answer to the visitor.
 */
export async function answerVerdict(verdict: Verdict, asked: Asked): Promise<void> {
  const { response, visitor } = asked;
  countVerdict(verdict.kind === 'denied' ? verdict.why : verdict.kind);
  if (verdict.kind === 'admitted') {
    response.writeHead(200, verdict.identity);
    response.end();
    return;
  }
  const requestId = randomUUID();
  if (verdict.kind === 'denied') noteDenied(verdict, visitor, requestId);
  if (asked.dialect !== 'nginx' && isNavigation(visitor)) {
    const { host, target, headers } = visitor;
    const page = { host, target, headers, requestId };
    if (verdict.kind === 'sign-in') return sendPage(response, await signInPage(page, verdict.within));
    if (verdict.kind === 'unavailable') return sendPage(response, unavailablePage(page));
    return sendPage(response, await deniedPage(page, verdict));
  }
  await sendPage(response, programRefusal(problemOf(verdict), { requestId }));
}

/** For programs: a status, and JSON. An upstream finds no identity in it that the visitor could have sent. */
export function programRefusal(problem: Problem, { requestId }: { requestId: string }): Response {
  const { code, status } = problems[problem];
  const answer = Response.json({ error: { code, requestId } }, { status });
  for (const [name, value] of emptyIdentity()) answer.headers.set(name, value);
  answer.headers.set('cache-control', 'no-store');
  answer.headers.set('x-request-id', requestId);
  return answer;
}

function problemOf(verdict: Exclude<Verdict, { kind: 'admitted' }>): Problem {
  if (verdict.kind === 'sign-in') return verdict.within === undefined ? 'not-signed-in' : 'sign-in-too-old';
  if (verdict.kind === 'unavailable') return 'sessions-unknown';
  return verdict.why === 'other-site' ? 'cross-site' : 'not-permitted';
}

function noteDenied(
  { why, session, verdict }: Extract<Verdict, { kind: 'denied' }>,
  { host, target }: VisitorRequest,
  requestId: string,
): void {
  const address = host.name + target;
  if (why === 'rule') {
    noteRefusedByRule({ session, verdict, address, requestId });
    return;
  }
  const path = address.replace(/[?#].*$/s, '');
  log().warn({ event: 'access-refused', requestId, userId: session.userId, path, reason: why });
}
