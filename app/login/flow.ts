import type { WireError } from '@/lib/http/error-response';
import type { WebviewProblem } from '@/lib/webview';
import { reloadPage } from '../_ui/reload-page';

export interface FlowOptions {
  corpId: string;
  clientId: string;
  /** A path of ours, already checked. */
  next: string;
}

/**
 * How a sign-in ended: on the way to the page, not wanted, to begin anew in a page of the present build, refused by our
 * server, or failed before it got there.
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

/** A dead bridge hangs for ever. */
const CODE_TIMEOUT_MS = 10_000;
/** The server answers within 8 s; the rest is for the network. */
const ANSWER_TIMEOUT_MS = 15_000;
const CODE_REFUSED = 'CODE_INVALID';

/**
 * One sign-in at a time in this page: a code is single-use, React runs effects twice, and people tap twice.
 * A later caller gets the sign-in that is under way.
 */
let underWay: Promise<Outcome> | undefined;

/**
 * For whoever opens a page: signs them in and leaves for `next`, unless they have just signed out. Where the quick door
 * has tried already, what came of it. Never rejects.
 */
export function enter(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  return oneAtATime(async () => {
    const outcome = takeOver();
    if (outcome) return outcome;
    return isSignedOut(options.next) ? { kind: 'signed-out' } : run(options, onPhase);
  });
}

/** For whoever asks to be signed in: a code from DingTalk's client, a session for it, off to `next`. Never rejects. */
export function signIn(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  return oneAtATime(() => run(options, onPhase));
}

function oneAtATime(begin: () => Promise<Outcome>): Promise<Outcome> {
  underWay ??= begin().finally(() => {
    underWay = undefined;
  });
  return underWay;
}

/** In the sign-in page's address when the quick door leads there: only then is what was left meant for this page. */
const FROM_QUICK_DOOR = '&from=quick';

/** Leaves what came of a sign-in to the sign-in page. @returns its address */
export function handOver(outcome: Outcome, loginPage: string): string {
  setFlag(HANDED_OVER, JSON.stringify(outcome));
  return `${loginPage}${FROM_QUICK_DOOR}${location.hash}`;
}

/** What the quick door left. Its part of the SDK is for one kind of client: elsewhere it knows nothing. */
function takeOver(): Outcome | undefined {
  if (!location.search.includes(FROM_QUICK_DOOR)) return undefined;
  const left = popFlag(HANDED_OVER);
  const outcome = left ? (JSON.parse(left) as Outcome) : undefined;
  return outcome?.kind === 'failed' && outcome.problem === 'not-in-dingtalk' ? undefined : outcome;
}

async function run(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  if (popFlags()) return { kind: 'failed', problem: 'cookie-blocked' };
  let outcome = await attempt(options, onPhase);
  // DingTalk spends a code whatever comes of it, so a refused one is worth a fresh one: once.
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
    const response = await post({ code: asked.code, corpId: options.corpId, next: options.next });
    const answer = (await response.json()) as { next: string; error?: WireError };
    if (answer.error) return { kind: 'refused', error: answer.error };
    setFlag(CHECKED, String(Date.now()));
    // Without the mark nobody would notice going round in circles, so the cookie is looked for at once.
    const isMarked = setFlag(SIGNED_IN_AT, String(Date.now()));
    if (!isMarked && (await ask({ method: 'GET' })).status === 401)
      return { kind: 'failed', problem: 'cookie-blocked' };
    leaveFor(answer.next);
    return { kind: 'entering' };
  } catch {
    return { kind: 'failed', problem: 'network-failed' };
  }
}

async function askForCode({ corpId, clientId }: FlowOptions): Promise<{ code: string } | Outcome> {
  // Not left to the SDK: in an ordinary browser it writes an error of its own to the console.
  if (!inClient()) return { kind: 'failed', problem: 'not-in-dingtalk' };
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

function post(body: object): Promise<Response> {
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
  return fetch('/api/session', {
    ...request,
    credentials: 'same-origin',
    signal: controller.signal,
  }).finally(() => clearTimeout(timer));
}

/** Loads a page whole, so that none that was rendered for nobody stays in the router's cache, at the part asked for. */
function leaveFor(next: string): void {
  const target = new URL(next.includes('#') ? next : next + location.hash, location.href);
  const isHere = target.pathname + target.search === location.pathname + location.search;
  location.replace(target.href);
  // With a fragment, the address that is shown already is gone to without loading anything.
  if (isHere && target.hash) location.reload();
}

/**
 * Asks the client, once in the life of a webview, whether the person who holds it is still the one whose session it
 * kept; if it is another, that one is signed in. Costs one code. Never rejects, and never signs anybody out: a client
 * that does not answer proves nothing.
 *
 * @returns true when the session is somebody else's now, so that the page has to be loaded again
 */
export async function changeOver(options: FlowOptions, userId: string): Promise<boolean> {
  if (!inClient() || read(CHECKED) !== null) return false;
  setFlag(CHECKED, String(Date.now()));
  const asked = await askForCode(options);
  if ('kind' in asked) return false;
  try {
    const response = await post({ code: asked.code, corpId: options.corpId, changeOver: true });
    const answer = (await response.json()) as { member?: { userId: string }; error?: WireError };
    if (answer.error) return /^NOT_(MEMBER|ALLOWED)$/.test(answer.error.code);
    return answer.member !== undefined && answer.member.userId !== userId;
  } catch {
    return false;
  }
}

/** Whether a client of DingTalk may be around: ordinary browsers need not load the SDK, which has the last word. */
function inClient(): boolean {
  return /DingTalk/i.test(navigator.userAgent);
}

/** Left when a session was given, found when the next page sent us straight back: then the cookie was not kept. */
const SIGNED_IN_AT = 'dingpass.entered';
/** Left when the client has said who is there. Like all of these, it lives as long as the webview's page stack. */
const CHECKED = 'dingpass.checked';
/** Left by the quick door, for the sign-in page. */
const HANDED_OVER = 'dingpass.outcome';
/** Left by the page that somebody comes to by signing out. */
const SIGNED_OUT = 'dingpass.signed-out';
/** On a slow line, a page may need half of it. */
const STRAIGHT_BACK_MS = 60_000;

/** Takes away what a sign-in, or a member's page, makes untrue. True when there was a sign-in a moment ago. */
export function popFlags(): boolean {
  popFlag(SIGNED_OUT);
  const left = Number(popFlag(SIGNED_IN_AT));
  return left > 0 && Date.now() - left < STRAIGHT_BACK_MS;
}

/**
 * A script for the page that somebody comes to by signing out: whatever page they go back to, they are not signed in
 * unasked. It stands in the page itself, because people go back before React is there.
 */
export const MARK_SIGNED_OUT = `try{sessionStorage.removeItem('${SIGNED_IN_AT}');sessionStorage.setItem('${SIGNED_OUT}','1')}catch(e){}`;

function isSignedOut(next: string): boolean {
  return read(SIGNED_OUT) !== null && !isOpenedAnew(next);
}

/** Whether the workbench has just opened the app. Its link is also what "back" and a reload may lead to. */
function isOpenedAnew(next: string): boolean {
  // The newer way to ask is younger than the webviews that we serve.
  return /[?&]corpid=/i.test(next) && performance.navigation.type === performance.navigation.TYPE_NAVIGATE;
}

// A webview without storage does without all of this.

/** @returns whether it will be found */
function setFlag(name: string, text: string): boolean {
  try {
    sessionStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

function read(name: string): string | null {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function popFlag(name: string): string | null {
  const text = read(name);
  try {
    sessionStorage.removeItem(name);
  } catch {}
  return text;
}
