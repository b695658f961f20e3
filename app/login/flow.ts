import type { WireError } from '@/lib/explanation';
import type { WebviewProblem } from '@/lib/webview';

export interface FlowOptions {
  corpId: string;
  clientId: string;
  /** A path of ours, already checked. */
  next: string;
}

/** How a sign-in ended: on the way to the page, refused by our server, or failed before it got there. */
export type Outcome =
  | { kind: 'entering' }
  | { kind: 'refused'; error: WireError }
  | { kind: 'failed'; problem: ClientProblem | 'not-in-dingtalk'; nativeCode?: string | undefined };

/** What can go wrong before our server is reached. */
export type ClientProblem = Exclude<WebviewProblem, 'not-in-dingtalk'> | 'cookie-blocked' | 'network-failed';

export type Phase = 'asking' | 'posting';

/** A dead bridge hangs for ever. */
const CODE_TIMEOUT_MS = 10_000;
/** The server answers within 8 s; the rest is for the network. */
const POST_TIMEOUT_MS = 15_000;
const CODE_REFUSED = 'CODE_INVALID';

/**
 * One sign-in at a time in this page: a code is single-use, React runs effects twice, and people tap twice.
 * A later caller gets the sign-in that is under way.
 */
let underWay: Promise<Outcome> | undefined;

/**
 * Gets a code from DingTalk's client, trades it for a session, and leaves for `next`. Where the quick door has tried
 * already, what came of it. Never rejects.
 */
export function signIn(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  underWay ??= (takeOver() ?? run(options, onPhase)).finally(() => {
    underWay = undefined;
  });
  return underWay;
}

/** Leaves what came of a sign-in to the page that comes next. */
export function handOver(outcome: Outcome): void {
  leave(HANDED_OVER, JSON.stringify({ at: Date.now(), outcome }));
}

/** What the quick door left a moment ago. Its part of the SDK is for phones: in another client it knows nothing. */
function takeOver(): Promise<Outcome> | undefined {
  const left = take(HANDED_OVER);
  if (!left) return undefined;
  const { at, outcome } = JSON.parse(left) as { at: number; outcome: Outcome };
  const isDue = Date.now() - at < STRAIGHT_BACK_MS;
  return isDue && !(outcome.kind === 'failed' && outcome.problem === 'not-in-dingtalk')
    ? Promise.resolve(outcome)
    : undefined;
}

async function run(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  if (takeEntryMark()) return { kind: 'failed', problem: 'cookie-blocked' };
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
    leave(ENTERED, String(Date.now()));
    leave(CHECKED, String(Date.now()));
    // A full load: no page that was rendered for nobody stays in the router's cache.
    location.replace(answer.next);
    return { kind: 'entering' };
  } catch {
    return { kind: 'failed', problem: 'network-failed' };
  }
}

async function askForCode({ corpId, clientId }: FlowOptions): Promise<{ code: string } | Outcome> {
  let webview: typeof import('@/lib/webview');
  try {
    webview = await import('@/lib/webview');
  } catch {
    return { kind: 'failed', problem: 'network-failed' };
  }
  try {
    return { code: await webview.requestAuthCode({ corpId, clientId, timeoutMs: CODE_TIMEOUT_MS }) };
  } catch (error) {
    const { problem, nativeCode } = error as InstanceType<typeof webview.WebviewError>;
    return { kind: 'failed', problem, nativeCode };
  }
}

function post(body: object): Promise<Response> {
  // AbortSignal.timeout is younger than the webviews that we serve.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), POST_TIMEOUT_MS);
  return fetch('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'same-origin',
    body: JSON.stringify(body),
    signal: controller.signal,
  }).finally(() => clearTimeout(timer));
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
  leave(CHECKED, String(Date.now()));
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

/** A cheap "no" for ordinary browsers, which need not load the SDK to learn it. The SDK has the last word. */
function inClient(): boolean {
  return /DingTalk/i.test(navigator.userAgent);
}

/** Left when a session was given, found when the next page sent us straight back: then the cookie was not kept. */
const ENTERED = 'dingpass.entered';
/** Left when the client has said who is there. Both live as long as the webview's page stack. */
const CHECKED = 'dingpass.checked';
/** Left by the quick door, for the sign-in page. */
const HANDED_OVER = 'dingpass.outcome';
const STRAIGHT_BACK_MS = 10_000;

/** Takes the mark of an entry away; true when it was fresh. */
export function takeEntryMark(): boolean {
  const left = Number(take(ENTERED));
  return left > 0 && Date.now() - left < STRAIGHT_BACK_MS;
}

// A webview without storage does without all of this.

function leave(name: string, text: string): void {
  try {
    sessionStorage.setItem(name, text);
  } catch {}
}

function read(name: string): string | null {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function take(name: string): string | null {
  const text = read(name);
  try {
    sessionStorage.removeItem(name);
  } catch {}
  return text;
}
