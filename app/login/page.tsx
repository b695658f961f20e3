import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { corpIdIn, currentMember, isOurCorp } from '@/lib/auth';
import { config } from '@/lib/config';
import { mayRetry, type Problem, problems } from '@/lib/errors';
import type { Messages } from '@/lib/messages';
import { safeReturnTo, toLocation } from '@/lib/return-to';
import { currentMessages } from '@/lib/visitor';
import { type ProblemSentence, SignIn, type SignInText } from './sign-in';

export async function generateMetadata(): Promise<Metadata> {
  const { messages } = await currentMessages();
  return { title: `${messages.signIn.title} · ${messages.appName}` };
}

/** The public page in front of the door: it cleans the return target and hands over to the client component. */
export default async function LoginPage(props: PageProps<'/login'>) {
  const query = toParameters(await props.searchParams);
  const next = safeReturnTo(query.get('next'));
  const signedOut = query.has('signedout');
  if (!signedOut && (await currentMember())) redirect(toLocation(next) as '/');

  const { messages } = await currentMessages();
  const { corpId, clientId, showOperatorHints } = config();
  const linkedCorpId = corpIdIn(query);
  return (
    <main className="door">
      <div className="door-card">
        <img className="door-mark" src="/icon.svg" alt="" width="64" height="64" />
        <h1 className="door-title">{messages.appName}</h1>
        <SignIn
          corpId={corpId}
          clientId={clientId}
          next={next}
          signedOut={signedOut}
          refusal={refusalOf(linkedCorpId)}
          text={toText(messages, showOperatorHints)}
        />
        <noscript>
          <p className="door-sentence">{messages.signIn.noScript}</p>
        </noscript>
      </div>
    </main>
  );
}

/** Why a link cannot lead to a sign-in, before anything is asked of anybody. */
function refusalOf(linkedCorpId: string | null): 'corp-placeholder' | 'corp-mismatch' | undefined {
  if (linkedCorpId?.toUpperCase() === '$CORPID$') return 'corp-placeholder';
  return isOurCorp(linkedCorpId) ? undefined : 'corp-mismatch';
}

/** What the page itself can meet, before or without our server. */
const CLIENT_PROBLEMS = [
  'not-in-dingtalk',
  'corp-placeholder',
  'corp-mismatch',
  'bridge-silent',
  'bridge-refused',
  'domain-unknown',
  'corp-refused',
  'cookie-blocked',
  'network-failed',
] as const satisfies Problem[];

function toText(messages: Messages, showOperatorHints: boolean): SignInText {
  const sentences = CLIENT_PROBLEMS.map((problem) => {
    const { person, next, cause, remedy } = messages.problems[problem];
    const { actor } = problems[problem];
    const operator = showOperatorHints ? { cause, remedy, actor: messages.actors[actor] } : undefined;
    const sentence: ProblemSentence = { message: person, nextStep: next, retry: mayRetry(problem), operator };
    return [problem, sentence] as const;
  });
  const { title: _title, noScript: _noScript, ...text } = messages.signIn;
  return { ...text, labels: messages.problemNote, problems: Object.fromEntries(sentences) };
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
