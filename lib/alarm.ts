import 'server-only';
import type { Problem } from './errors';
import { singleton } from './singleton';

/** What operators are alerted to. */
export const ALERTS = ['sign-in', 'database', 'directory', 'events', 'quota'] as const;
export type Alert = (typeof ALERTS)[number];

/** Alerts that operators have been sent, of faults that last. Only of these may a page say that they know. */
export const informed = singleton('informed', () => new Set<Alert>());

/** Whether operators have been sent an alert about what a person meets here. */
export function areInformed(problem: Problem): boolean {
  if (problem === 'sessions-unknown') return informed().has('database');
  if (problem === 'calls-spent') return informed().has('quota');
  return FAILS_SIGN_INS.has(problem) && informed().has('sign-in');
}

/** Not what one odd record or our own queue can cause. */
export const FAILS_SIGN_INS = new Set<Problem>([
  'bad-credentials',
  'token-refused',
  'permission-missing',
  'address-refused',
  'app-disabled',
  'throttled',
  'quota-spent',
  'unreachable',
]);
