const APPS = ['dingtalk', 'edge', 'chrome', 'firefox', 'safari', 'other'] as const;
const SYSTEMS = ['android', 'ios', 'harmony', 'windows', 'mac', 'linux', 'other'] as const;

export type ClientApp = (typeof APPS)[number];
export type ClientSystem = (typeof SYSTEMS)[number];
/** What a session was begun with, in words of ours: a user agent is the client's own text, and is not kept. */
export type ClientKind = `${ClientApp}-${ClientSystem}`;

/**
 * Whether a user agent is a client of DingTalk. The client's SDK has the last word; this decides before it is loaded,
 * for the server and the browser alike. DingTalk's link preview, `DingTalkBot` of `open.dingtalk.com`, is no client: it
 * cannot sign in.
 */
export function isDingTalk(userAgent: string): boolean {
  return /\bDingTalk[/(]/i.test(userAgent);
}

/** Whether a client of DingTalk is one for phones and tablets; the others are for desktops. */
export function isDingTalkMobile(userAgent: string): boolean {
  return isDingTalk(userAgent) && /AliApp\(/i.test(userAgent);
}

const APP_MARKS: [ClientApp, RegExp][] = [
  ['edge', /\bEdg(?:e|A|iOS)?\//],
  ['firefox', /\b(?:Firefox|FxiOS)\//],
  ['chrome', /\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//],
  ['safari', /\bSafari\//],
];
/** Harmony also says Android in places, and iPads say Macintosh. */
const SYSTEM_MARKS: [ClientSystem, RegExp][] = [
  ['harmony', /HarmonyOS|OpenHarmony|ArkWeb/i],
  ['android', /Android/i],
  ['ios', /iPhone|iPad|iPod/],
  ['windows', /Windows/i],
  ['mac', /Macintosh|Mac OS X/],
  ['linux', /Linux|X11/i],
];

export function toClientKind(userAgent: string | null): ClientKind {
  const text = (userAgent ?? '').slice(0, 512);
  const app = isDingTalk(text) ? 'dingtalk' : (APP_MARKS.find(([, mark]) => mark.test(text))?.[0] ?? 'other');
  const system = SYSTEM_MARKS.find(([, mark]) => mark.test(text))?.[0] ?? 'other';
  return `${app}-${system}`;
}

/** Takes a kind apart; what is not one is `other`. */
export function partsOfClient(kind: string): { app: ClientApp; system: ClientSystem } {
  const [app, system] = kind.split('-');
  return {
    app: APPS.find((known) => known === app) ?? 'other',
    system: SYSTEMS.find((known) => known === system) ?? 'other',
  };
}
