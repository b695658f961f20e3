'use client';

import { useCallback, useEffect, useState } from 'react';
import type { Explanation } from '@/lib/http/error-response';
import { ProblemNote, type ProblemNoteLabels } from '../_ui/problem-note';
import { type ClientProblem, enter, type FlowOptions, type Outcome, type Phase, signIn } from './flow';

/** A problem as this page shows it. */
export interface LoginProblem extends Explanation {
  requestId?: string | undefined;
  /** The way to try again, where it is not the client's. */
  action?: 'oauth' | undefined;
  /** Whether a sign-in at DingTalk's page is worth a try. */
  offerOAuth?: boolean;
}

export interface SignInText {
  asking: string;
  posting: string;
  entering: string;
  retry: string;
  signedOut: string;
  again: string;
  browserLead: string;
  browserButton: string;
  otherMethod: string;
  labels: ProblemNoteLabels;
  /** What can go wrong before our server is reached. */
  problems: Record<ClientProblem, Explanation>;
}

interface SignInProps extends FlowOptions {
  /** The visitor has just signed out: do not sign them in again unasked. */
  signedOut: boolean;
  /** What is wrong already, with the link or with a sign-in at DingTalk's page: then nothing is asked. */
  refusal: LoginProblem | undefined;
  /** Where a sign-in in a browser begins. */
  oauthAddress: string;
  text: SignInText;
}

type State = Phase | 'entering' | 'signed-out' | 'in-browser' | LoginProblem;

/** Where the client fails, but a sign-in at DingTalk's own page may not. */
const OAUTH_HELPS = new Set<ClientProblem>(['bridge-silent', 'bridge-refused', 'domain-unknown']);

/** Shows a sign-in as it goes: what is happening, or what went wrong and what to do. */
export function SignIn({ corpId, clientId, next, signedOut, refusal, oauthAddress, text }: SignInProps) {
  const [state, setState] = useState<State>(refusal ?? (signedOut ? 'signed-out' : 'asking'));

  const follow = useCallback(
    (begin: typeof signIn) => {
      begin({ corpId, clientId, next }, setState).then((outcome) => setState(toState(outcome, text)));
    },
    [corpId, clientId, next, text],
  );
  const start = () => follow(signIn);

  useEffect(() => {
    if (!signedOut && !refusal) follow(enter);
  }, [signedOut, refusal, follow]);

  if (state === 'signed-out') {
    return (
      <div role="status">
        <p className="centered-text">{text.signedOut}</p>
        <button type="button" className="button button-wide" onClick={start}>
          {text.again}
        </button>
      </div>
    );
  }
  if (state === 'in-browser') {
    return (
      <div role="status">
        <p className="centered-text">{text.browserLead}</p>
        <a className="button button-wide" href={oauthAddress}>
          {text.browserButton}
        </a>
      </div>
    );
  }
  if (typeof state === 'string') {
    return (
      <div role="status">
        <div className="wait" aria-hidden="true" />
        <p className="centered-text after-1">{text[state]}</p>
        {/* Should this page's scripts never run, style alone brings the way out. */}
        <a className="button button-quiet after-14" href={oauthAddress}>
          {text.otherMethod}
        </a>
      </div>
    );
  }
  return (
    <ProblemNote {...state} labels={text.labels}>
      {state.action === 'oauth' && (
        <a className="button button-wide" href={oauthAddress}>
          {text.retry}
        </a>
      )}
      {state.action === undefined && state.retry && (
        <button type="button" className="button button-wide" onClick={start}>
          {text.retry}
        </button>
      )}
      {state.offerOAuth && (
        <a className="button button-quiet" href={oauthAddress}>
          {text.otherMethod}
        </a>
      )}
    </ProblemNote>
  );
}

function toState(outcome: Outcome, text: SignInText): State {
  if (outcome.kind === 'entering' || outcome.kind === 'signed-out') return outcome.kind;
  if (outcome.kind === 'reloading') return 'asking';
  if (outcome.kind === 'refused') return outcome.error;
  if (outcome.problem === 'not-in-dingtalk') return 'in-browser';
  const sentence = text.problems[outcome.problem];
  const { operator } = sentence;
  return {
    ...sentence,
    offerOAuth: OAUTH_HELPS.has(outcome.problem),
    operator: operator && { ...operator, dingTalkCode: outcome.nativeCode },
  };
}
