import 'server-only';
import { areInformed } from '../alarm';
import { config } from '../config';
import { mayRetry, type OperatorDetail, type Problem, problems } from '../errors';
import type { Messages } from '../i18n';
import { inRegion } from '../region';

/** A problem in its reader's words. */
export interface Explanation {
  message: string;
  /** What the person can do now. */
  nextStep: string;
  /** Whether trying again can help. */
  retry: boolean;
  /** Only with `SHOW_OPERATOR_HINTS=true`. */
  operator?: OperatorHint | undefined;
}

export interface OperatorHint extends OperatorDetail {
  cause: string;
  remedy: string;
  actor: string;
}

/** An error as programs and our own pages read it. Nothing of the cause leaves the server. */
export interface WireError extends Explanation {
  code: string;
  requestId: string;
}

/** Explains a problem to the person, and to the operator where that is switched on. */
export function explain(problem: Problem, messages: Messages, detail: OperatorDetail = {}): Explanation {
  const { person, next, cause, remedy } = messages.problems[problem];
  const actor = messages.actors[problems[problem].actor];
  const { showOperatorHints, region } = config();
  const hint = { cause: inRegion(cause, region), remedy: inRegion(remedy, region), actor };
  const operator = showOperatorHints ? { ...hint, ...detail } : undefined;
  const nextStep = areInformed(problem) ? `${next} ${messages.alerts.informed}` : next;
  return { message: person, nextStep, retry: mayRetry(problem), operator };
}
