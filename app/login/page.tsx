import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { isOurCorp, isRecent, perhapsMember } from '@/lib/auth/auth';
import { withBasePath } from '@/lib/base-path';
import { config } from '@/lib/config';
import { expectSignIn } from '@/lib/dingtalk-client';
import { type Problem, problems } from '@/lib/errors';
import { explain } from '@/lib/http/error-response';
import { currentMessages } from '@/lib/http/language';
import { corpIdIn } from '@/lib/http/login-address';
import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import { nonceOf } from '@/lib/http/security-headers';
import type { Messages } from '@/lib/i18n';
import { Mark } from '../_ui/mark';
import type { ClientProblem } from './flow';
import { MARK_SIGNED_OUT } from './session-flags';
import { type LoginProblem, SignIn, type SignInText } from './sign-in';

export async function generateMetadata(): Promise<Metadata> {
  const { messages } = await currentMessages();
  return { title: `${messages.signIn.title} · ${messages.appName}` };
}

/** The public sign-in page: it cleans the return target and hands over to the client component. */
export default async function LoginPage(props: PageProps<'/login'>) {
  const query = toParameters(await props.searchParams);
  const next = safeReturnTo(query.get('next'));
  const { messages } = await currentMessages();
  const refusal = refusalOf(query, messages);
  const signedOut = query.has('signedout');
  const session = await perhapsMember();
  const within = minutesIn(query.get('within'));
  // A sign-in that failed is of no interest to a member, who may have come back to it; a wrong link is.
  const hasNothingToDo = !signedOut && (!refusal || query.has('failed'));
  if (hasNothingToDo && session && isRecent(session, within)) redirect(asLocation(next) as '/');

  expectSignIn();
  const { corpId, clientId } = config();
  const nonce = nonceOf((await headers()).get('content-security-policy'));
  const oauthAddress = withBasePath(`/api/oauth/start?${new URLSearchParams({ next })}`);
  return (
    <main className="centered">
      {signedOut && <script nonce={nonce}>{MARK_SIGNED_OUT}</script>}
      <Mark large />
      <h1 className="centered-name">{messages.appName}</h1>
      {session && within !== undefined && !signedOut && (
        <>
          <p className="centered-text">{messages.signIn.stepUp(session.name, within)}</p>
          <Link className="button button-quiet" href="/" prefetch={false}>
            {messages.signIn.stepUpBack}
          </Link>
        </>
      )}
      <div className="centered-place">
        <SignIn
          corpId={corpId}
          clientId={clientId}
          next={next}
          signedOut={signedOut}
          refusal={refusal}
          oauthAddress={oauthAddress}
          text={toText(messages)}
        />
        <noscript>
          <p className="centered-text">{messages.signIn.noScript}</p>
          <a className="button button-wide" href={oauthAddress}>
            {messages.signIn.browserButton}
          </a>
        </noscript>
      </div>
    </main>
  );
}

/** Where a page asked for a sign-in of the last so many minutes. */
function minutesIn(within: string | null): number | undefined {
  return within !== null && /^\d{1,4}$/.test(within) ? Number(within) : undefined;
}

/** What stands in the way before DingTalk is asked: a wrong link, or a sign-in that failed at DingTalk. */
function refusalOf(query: URLSearchParams, messages: Messages): LoginProblem | undefined {
  const failed = query.get('failed');
  if (failed !== null && Object.hasOwn(problems, failed)) {
    const requestId = /^[0-9a-f-]{36}$/.exec(query.get('request') ?? '')?.[0];
    const wordOf = (name: string) => /^[\w.-]{1,64}$/.exec(query.get(name) ?? '')?.[0];
    return {
      ...explain(failed as Problem, messages, { dingTalkCode: wordOf('dingtalk'), reason: wordOf('reason') }),
      requestId,
      action: 'oauth',
    };
  }
  const linkedCorpId = corpIdIn(query);
  if (linkedCorpId?.toUpperCase() === '$CORPID$') return explain('corp-placeholder', messages);
  return isOurCorp(linkedCorpId) ? undefined : explain('corp-mismatch', messages);
}

/** What the page itself can meet, before or without our server. */
const CLIENT_PROBLEMS = [
  'bridge-silent',
  'bridge-refused',
  'domain-unknown',
  'corp-refused',
  'cookie-blocked',
  'network-failed',
] as const satisfies ClientProblem[];

function toText(messages: Messages): SignInText {
  const sentences = CLIENT_PROBLEMS.map((problem) => [problem, explain(problem, messages)] as const);
  const {
    title: _title,
    noScript: _noScript,
    stepUp: _stepUp,
    stepUpBack: _stepUpBack,
    ...text
  } = messages.signIn;
  return {
    ...text,
    labels: messages.problemNote,
    problems: Object.fromEntries(sentences) as SignInText['problems'],
  };
}

function toParameters(query: Record<string, string | string[] | undefined>): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) parameters.append(name, item);
    }
  }
  return parameters;
}
