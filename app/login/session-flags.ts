/**
 * What pages of one webview, or one tab, leave for each other in sessionStorage. A browser without storage does without
 * all of it.
 */
const FLAGS = {
  /** When a session was given. Found when the next page sends the visitor straight back: the cookie was not kept. */
  signedInAt: 'dingpass.entered',
  /** The client was asked who holds it. Lives as long as the webview's page stack. */
  checked: 'dingpass.checked',
  /** The outcome of an instant sign-in, for the sign-in page. */
  outcome: 'dingpass.outcome',
  /** The visitor has signed out: no sign-in unasked. */
  signedOut: 'dingpass.signed-out',
} as const;

type Flag = keyof typeof FLAGS;

/** On a slow line, a page may need half of it. */
const STRAIGHT_BACK_MS = 60_000;

/** @returns whether it will be found */
export function setFlag(flag: Flag, text: string): boolean {
  try {
    sessionStorage.setItem(FLAGS[flag], text);
    return true;
  } catch {
    return false;
  }
}

export function readFlag(flag: Flag): string | null {
  try {
    return sessionStorage.getItem(FLAGS[flag]);
  } catch {
    return null;
  }
}

export function popFlag(flag: Flag): string | null {
  const text = readFlag(flag);
  try {
    sessionStorage.removeItem(FLAGS[flag]);
  } catch {}
  return text;
}

/** Removes the flags that a sign-in, or a member's page, makes untrue. @returns whether a session was given a moment ago */
export function popSignInFlags(): boolean {
  popFlag('signedOut');
  const at = Number(popFlag('signedInAt'));
  return at > 0 && Date.now() - at < STRAIGHT_BACK_MS;
}

/**
 * A script for the page after a sign-out. It stands in the page itself: people go back before React is there, and must
 * not be signed in again unasked.
 */
export const MARK_SIGNED_OUT = `try{sessionStorage.removeItem('${FLAGS.signedInAt}');sessionStorage.setItem('${FLAGS.signedOut}','1')}catch(e){}`;
