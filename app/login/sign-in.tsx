'use client';

import { useCallback, useEffect, useState } from 'react';
import type { Problem } from '@/lib/errors';
import type { OperatorHint } from '@/lib/http';
import { ProblemNote, type ProblemNoteLabels } from '../_ui/problem-note';
import { type FlowOptions, type Outcome, type Phase, signIn, takeEntryMark } from './flow';

export interface ProblemSentence {
  message: string;
  nextStep: string;
  /** Whether trying again can help. */
  retry: boolean;
  operator?: OperatorHint | undefined;
}

export interface SignInText {
  asking: string;
  posting: string;
  entering: string;
  retry: string;
  signedOut: string;
  again: string;
  labels: ProblemNoteLabels;
  /** What can go wrong before our server is reached. */
  problems: Partial<Record<Problem, ProblemSentence>>;
}

interface SignInProps extends FlowOptions {
  /** The visitor has just signed out: do not sign them in again unasked. */
  signedOut: boolean;
  /** What is wrong with the link, if anything: then nothing is asked. */
  refusal: Problem | undefined;
  text: SignInText;
}

type State = Phase | 'entering' | 'signed-out' | Outcome;

/** Shows a sign-in as it goes: what is happening, or what went wrong and what to do. */
export function SignIn({ corpId, clientId, next, signedOut, refusal, text }: SignInProps) {
  const [state, setState] = useState<State>(() => {
    if (refusal) return { kind: 'failed', problem: refusal };
    return signedOut ? 'signed-out' : 'asking';
  });

  const start = useCallback(() => {
    signIn({ corpId, clientId, next }, setState).then(setState);
  }, [corpId, clientId, next]);

  useEffect(() => {
    if (signedOut) takeEntryMark();
    else if (!refusal) start();
  }, [signedOut, refusal, start]);

  if (state === 'signed-out') {
    return (
      <div role="status">
        <p className="door-sentence">{text.signedOut}</p>
        <button type="button" className="button" onClick={start}>
          {text.again}
        </button>
      </div>
    );
  }
  if (typeof state === 'object' && state.kind !== 'entering') {
    const failure = toSentence(state, text);
    return (
      <ProblemNote {...failure} labels={text.labels}>
        {failure.retry && (
          <button type="button" className="button" onClick={start}>
            {text.retry}
          </button>
        )}
      </ProblemNote>
    );
  }
  const phase = typeof state === 'object' ? state.kind : state;
  return (
    <div role="status">
      <span className="spinner" aria-hidden="true" />
      <p className="door-sentence">{text[phase]}</p>
    </div>
  );
}

function toSentence(outcome: Exclude<Outcome, { kind: 'entering' }>, text: SignInText) {
  if (outcome.kind === 'refused') return outcome.error;
  const { message = '', nextStep = '', retry = true, operator } = text.problems[outcome.problem] ?? {};
  const hint = operator && { ...operator, dingTalkCode: outcome.nativeCode };
  return { message, nextStep, retry, operator: hint };
}
