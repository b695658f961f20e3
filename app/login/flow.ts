import { withBasePath } from '@/lib/base-path';
import type { WireError } from '@/lib/http/error-response';
import { isDingTalk } from '@/lib/session/user-agent';
import type { WebviewProblem } from '@/lib/webview';
import { reloadPage } from '../_ui/reload-page';
import { popFlag, popSignInFlags, readFlag, setFlag } from './session-flags';

export interface FlowOptions {
  corpId: string;
  clientId: string;
  /** A checked path of this app. */
  next: string;
}

/**
 * How a sign-in ended: on the way to the page, held back after a sign-out, to begin again in a page of the present build,
 * refused by our server, or failed before the server was reached.
 */
export type Outcome =
  | { kind: 'entering' }
  | { kind: 'reloading' }
  | { kind: 'signed-out' }
  | { kind: 'refused'; error: WireError }
  | { kind: 'failed'; problem: ClientProblem | 'not-in-dingtalk'; nativeCode?: string | undefined };

/** What can go wrong before our server is reached. */
export type ClientProblem = Exclude<WebviewProblem, 'not-in-dingtalk'> | 'cookie-blocked' | 'network-failed';

export type Phase = 'asking' | 'posting';

/** A dead bridge never answers. */
const CODE_TIMEOUT_MS = 10_000;
/** The server answers within 8 s; the rest is for the network. */
const ANSWER_TIMEOUT_MS = 15_000;
const CODE_REFUSED = 'CODE_INVALID';

/**
 * The one sign-in of this page: a code is single-use, React runs effects twice, and people tap twice. A later caller
 * gets the promise of the first.
 */
let current: Promise<Outcome> | undefined;

/**
 * When a page opens: signs the visitor in and leaves for `next`, unless they have just signed out. Where the instant
 * sign-in page has tried already, its outcome. Never rejects.
 */
export function enter(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  return oneAtATime(async () => {
    const outcome = takeHandedOver();
    if (outcome) return outcome;
    return isSignedOut(options.next) ? { kind: 'signed-out' } : run(options, onPhase);
  });
}

/** When the visitor asks to be signed in: a code from DingTalk's client, a session for it, then `next`. Never rejects. */
export function signIn(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  return oneAtATime(() => run(options, onPhase));
}

function oneAtATime(begin: () => Promise<Outcome>): Promise<Outcome> {
  current ??= begin().finally(() => {
    current = undefined;
  });
  return current;
}

/** In the address of the sign-in page after an instant sign-in: elsewhere a stored outcome is not meant for the page. */
const FROM_INSTANT = '&from=instant';

/** Leaves the outcome of an instant sign-in to the sign-in page. @returns its address */
export function handOver(outcome: Outcome, loginPage: string): string {
  setFlag('outcome', JSON.stringify(outcome));
  return `${loginPage}${FROM_INSTANT}${location.hash}`;
}

/**
 * The outcome of an instant sign-in. Its page has the part of the SDK for one kind of client only: `not-in-dingtalk` is
 * no answer then.
 */
function takeHandedOver(): Outcome | undefined {
  if (!location.search.includes(FROM_INSTANT)) return undefined;
  const left = popFlag('outcome');
  const outcome = left ? (JSON.parse(left) as Outcome) : undefined;
  return outcome?.kind === 'failed' && outcome.problem === 'not-in-dingtalk' ? undefined : outcome;
}

async function run(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  if (popSignInFlags()) return { kind: 'failed', problem: 'cookie-blocked' };
  let outcome = await attempt(options, onPhase);
  // A code is used up even by a refused exchange: one more attempt with a new code.
  if (outcome.kind === 'refused' && outcome.error.code === CODE_REFUSED)
    outcome = await attempt(options, onPhase);
  return outcome;
}

async function attempt(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  onPhase('asking');
  const asked = await askForCode(options);
  if ('kind' in asked) return asked;
  onPhase('posting');
  try {
    const response = await postCode({ code: asked.code, corpId: options.corpId, next: options.next });
    const answer = (await response.json()) as { next: string; error?: WireError };
    if (answer.error) return { kind: 'refused', error: answer.error };
    setFlag('checked', String(Date.now()));
    // Without the flag a loop between two pages would go unnoticed, so the cookie is looked for at once.
    const isFlagged = setFlag('signedInAt', String(Date.now()));
    if (!isFlagged && (await ask({ method: 'GET' })).status === 401)
      return { kind: 'failed', problem: 'cookie-blocked' };
    leaveFor(answer.next);
    return { kind: 'entering' };
  } catch {
    return { kind: 'failed', problem: 'network-failed' };
  }
}

/** A one-time code from DingTalk's client, or why there is none. */
export async function askForCode({ corpId, clientId }: FlowOptions): Promise<{ code: string } | Outcome> {
  // Not left to the SDK: in an ordinary browser it writes an error of its own to the console.
  if (!isDingTalk(navigator.userAgent)) return { kind: 'failed', problem: 'not-in-dingtalk' };
  let webview: typeof import('@/lib/webview');
  try {
    webview = await import('@/lib/webview');
  } catch {
    return (await reloadPage()) ? { kind: 'reloading' } : { kind: 'failed', problem: 'network-failed' };
  }
  try {
    return { code: await webview.requestAuthCode({ corpId, clientId, timeoutMs: CODE_TIMEOUT_MS }) };
  } catch (error) {
    const { problem, nativeCode } = error as InstanceType<typeof webview.WebviewError>;
    return { kind: 'failed', problem, nativeCode };
  }
}

export function postCode(body: { code: string; [name: string]: unknown }): Promise<Response> {
  return ask({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function ask(request: RequestInit): Promise<Response> {
  // AbortSignal.timeout is younger than the webviews that we serve.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ANSWER_TIMEOUT_MS);
  return fetch(withBasePath('/api/session'), {
    ...request,
    credentials: 'same-origin',
    signal: controller.signal,
  }).finally(() => clearTimeout(timer));
}

/** A full load: the router's cache may hold pages rendered without a session. Keeps the fragment. */
function leaveFor(next: string): void {
  const target = new URL(withBasePath(next.includes('#') ? next : next + location.hash), location.href);
  const isHere = target.pathname + target.search === location.pathname + location.search;
  location.replace(target.href);
  // With a fragment, the address that is shown already is gone to without loading anything.
  if (isHere && target.hash) location.reload();
}

function isSignedOut(next: string): boolean {
  return readFlag('signedOut') !== null && !isOpenedAnew(next);
}

/** Whether the workbench has just opened the app, as against "back" or a reload that leads to the same link. */
function isOpenedAnew(next: string): boolean {
  // `PerformanceNavigationTiming` is younger than the webviews that we serve.
  return /[?&]corpid=/i.test(next) && performance.navigation.type === performance.navigation.TYPE_NAVIGATE;
}
