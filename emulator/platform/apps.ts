import type { AppTokens } from './app-tokens';

/** An app as it is registered in the console. */
export interface App {
  corpId: string;
  clientId: string;
  clientSecret: string;
  agentId: string;
}

/** A host whose pages others wrote, as the company has it in DingTalk: in the workbench, perhaps with an app of its own. */
export interface ProtectedHost {
  /** As a `Host` header has it, such as `wiki.localhost:4010`. */
  host: string;
  /** What its tile in the workbench says. */
  name: string;
  /** Where the proxy in front of it listens; undefined: it is not reached through the emulator. */
  url?: string | undefined;
  /** Credentials of its own app, whose home and address for sign-in it is; undefined: no app lists this host. */
  app?: Pick<App, 'clientId' | 'clientSecret'> | undefined;
}

/** One of the company's apps besides the main one. It has the main app's permission points. */
export interface HostApp extends App {
  host: string;
  tokens: AppTokens;
}

/** The company's apps. */
interface Apps {
  readonly app: App;
  readonly appTokens: AppTokens;
  readonly hostApps: readonly HostApp[];
}

/** The app with these credentials, and its tokens. */
export function appOf(
  { app, appTokens, hostApps }: Apps,
  clientId: unknown,
  clientSecret: unknown,
): { app: App; tokens: AppTokens } | undefined {
  return [{ app, tokens: appTokens }, ...hostApps.map((one) => ({ app: one, tokens: one.tokens }))].find(
    (one) => one.app.clientId === clientId && one.app.clientSecret === clientSecret,
  );
}

/** The app whose token it is. */
export function ownerOf({ app, appTokens, hostApps }: Apps, token: string): App | undefined {
  return appTokens.isLive(token) ? app : hostApps.find(({ tokens }) => tokens.isLive(token));
}
