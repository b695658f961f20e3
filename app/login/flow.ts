import type { Problem } from '@/lib/errors';
import type { WireError } from '@/lib/http';

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
  | { kind: 'failed'; problem: Problem; nativeCode?: string | undefined };

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

/** Gets a code from DingTalk's client, trades it for a session, and leaves for `next`. Never rejects. */
export function signIn(options: FlowOptions, onPhase: (phase: Phase) => void): Promise<Outcome> {
  underWay ??= run(options, onPhase).finally(() => {
    underWay = undefined;
  });
  return underWay;
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
    leaveEntryMark();
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
    if (!(error instanceof webview.WebviewError)) throw error;
    return { kind: 'failed', problem: error.problem, nativeCode: error.nativeCode };
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

/** Left when a session was given, found when the next page sent us straight back: then the cookie was not kept. */
const ENTRY_MARK = 'dingpass.entered';
const STRAIGHT_BACK_MS = 10_000;

function leaveEntryMark(): void {
  try {
    sessionStorage.setItem(ENTRY_MARK, String(Date.now()));
  } catch {
    // A webview without storage: the page after next would tell, were there one.
  }
}

/** Takes the mark away; true when it was fresh. */
export function takeEntryMark(): boolean {
  try {
    const left = Number(sessionStorage.getItem(ENTRY_MARK));
    sessionStorage.removeItem(ENTRY_MARK);
    return left > 0 && Date.now() - left < STRAIGHT_BACK_MS;
  } catch {
    return false;
  }
}
