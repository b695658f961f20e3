import 'server-only';
import { decide, type Verdict as RuleVerdict } from '@/lib/auth/access/decide';
import { companyNames, memberFacts } from '@/lib/auth/access/member-facts';
import { rulesInForce } from '@/lib/auth/access/rules';
import { isRecent } from '@/lib/auth/auth';
import { noteEnded, noteRefusedCookie } from '@/lib/auth/refusals';
import { log } from '@/lib/log';
import { type HostSession, hostSessions, standingOf } from '@/lib/session/host-session';
import { identityOf, type UpstreamIdentity } from './identity';
import { isFromOtherSite } from './other-site';
import type { VisitorRequest } from './sub-request';

/**
 * What becomes of a request for a page behind the gate. `unavailable`: it is not known which sessions have ended ·
 * `other-site`: a page of another origin sent it · `identity`: the member has no value, or shares it, that upstreams
 * would know the member by
 */
export type Verdict =
  | { kind: 'admitted'; session: HostSession; identity: UpstreamIdentity }
  | { kind: 'sign-in'; within?: number | undefined }
  | { kind: 'denied'; why: 'rule' | 'other-site' | 'identity'; session: HostSession; verdict: RuleVerdict }
  | { kind: 'unavailable' };

const NO_RULE: RuleVerdict = { admitted: false, because: 'no-rule', findings: [] };

/** Decides about one request: a session of this very host, the rules, and who sent it. Never throws. */
export async function judge(request: VisitorRequest): Promise<Verdict> {
  try {
    return await verdictOn(request);
  } catch (error) {
    log().error({ event: 'gate-failed', err: error });
    return { kind: 'unavailable' };
  }
}

async function verdictOn(request: VisitorRequest): Promise<Verdict> {
  const { host, target, headers } = request;
  const opened = await hostSessions().open(headers.cookie, host.name);
  if (!opened.session) {
    noteRefusedCookie(opened.reason);
    return { kind: 'sign-in' };
  }
  const { session } = opened;
  const state = await standingOf(session);
  if (state === 'unknown') return { kind: 'unavailable' };
  if (state === 'ended') {
    noteEnded(session);
    return { kind: 'sign-in' };
  }
  const [facts, company] = [await memberFacts(session.userId), await companyNames()];
  const rules = rulesInForce()?.rules();
  const verdict = rules ? decide(rules, { host: host.name, path: target }, facts, company) : NO_RULE;
  if (isFromOtherSite(request, verdict.rule?.origins))
    return { kind: 'denied', why: 'other-site', session, verdict };
  if (!verdict.admitted) return { kind: 'denied', why: 'rule', session, verdict };
  if (!isRecent(session, verdict.recent)) return { kind: 'sign-in', within: verdict.recent };
  const identity = await identityOf(session, facts, verdict.rule?.tell);
  return identity
    ? { kind: 'admitted', session, identity }
    : { kind: 'denied', why: 'identity', session, verdict };
}
