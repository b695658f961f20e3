import 'server-only';
import { withBasePath, withoutBasePath } from '../base-path';
import { PERMISSIONS } from '../permissions';
import { type Check, ok, type Patient, type Result, warn } from './check';
import { ConsoleError } from './console-program';
import {
  type ConsoleApp,
  findApp,
  homePages,
  unauthorised,
  unsubscribed,
  versionStatus,
} from './console-state';
import { EVENT_CODES } from './event-checks';

/** What only the developer console knows: asked by `dws` where it is there, left to a person where it is not. */

/** Without these there is no sign-in and no directory; the others are for the operator to want. */
export const WANTED_PERMISSIONS: readonly string[] = PERMISSIONS.filter(
  ({ neededFor }) => neededFor !== 'calendar' && neededFor !== 'details',
).map(({ point }) => point);

function consoleCheck(
  id: string,
  inspect: (console: ConsoleApp, patient: Patient) => Promise<Result>,
  isWanted: Check['isWanted'] = () => true,
): Check {
  return {
    id,
    circle: 'console',
    assumed: true,
    isWanted,
    run: async (patient) => {
      try {
        return await inspect(await signedIn(patient), patient);
      } catch (error) {
        if (!(error instanceof ConsoleError)) throw error;
        return { outcome: 'manual', values: { reason: error.failure, ...valuesOf(patient) } };
      }
    },
  };
}

function signedIn({ console: ask, once, config: { clientId } }: Patient): Promise<ConsoleApp> {
  return once('console', async () => {
    if (ask === undefined) throw new ConsoleError('not-installed');
    return { ask, app: await findApp(ask, clientId) };
  });
}

function valuesOf({ config }: Patient) {
  return { url: homeOf(config.publicOrigin), events: EVENT_CODES.join(',') };
}

/** Where the workbench leads to; DingTalk puts the company in. */
export function homeOf(publicOrigin: string): string {
  return publicOrigin + withBasePath('/?corpid=$CORPID$');
}

const pages = consoleCheck('console-home', async (console, { config }) => {
  const { homepageUrl, pcHomepageUrl } = await homePages(console);
  const { app } = console;
  const url = homeOf(config.publicOrigin);
  const missing = [...(homepageUrl ? [] : ['homepageUrl']), ...(pcHomepageUrl ? [] : ['pcHomepageUrl'])];
  if (missing.length > 0) return warn('home-page-missing', { app, url, which: missing.join(', ') });
  const others = [homepageUrl, pcHomepageUrl].filter((one) => !leadsHere(one, config.publicOrigin));
  return others.length > 0 ? warn('home-page-other', { app, url, found: others.join(', ') }) : ok({ url });
});

function leadsHere(page = '', publicOrigin: string): boolean {
  if (!URL.canParse(page)) return false;
  const { origin, pathname } = new URL(page);
  return origin === publicOrigin && withoutBasePath(pathname) !== undefined;
}

const permissions = consoleCheck('console-permissions', async (console) => {
  const missing = await unauthorised(console, WANTED_PERMISSIONS);
  if (missing.length > 0)
    return warn('permission-unauthorised', { app: console.app, subject: missing.join(',') });
  return ok({ count: String(WANTED_PERMISSIONS.length) });
});

const events = consoleCheck(
  'console-events',
  async (console) => {
    const missing = await unsubscribed(console, EVENT_CODES);
    if (missing.length > 0)
      return warn('event-unsubscribed', { app: console.app, events: missing.join(',') });
    return ok({ count: String(EVENT_CODES.length) });
  },
  ({ config }) => config.stream || config.callback !== undefined,
);

const version = consoleCheck('console-version', async (console) => {
  const status = await versionStatus(console);
  return status === 'RELEASE' ? ok({ status }) : warn('version-unreleased', { app: console.app, status });
});

/** Neither the tool nor any call says who sees the app on the workbench. */
const visibility: Check = {
  id: 'console-visible',
  circle: 'console',
  run: () => ({ outcome: 'manual' }),
};

export const consoleChecks: readonly Check[] = [pages, permissions, events, version, visibility];
