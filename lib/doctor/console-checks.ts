import 'server-only';
import { z } from 'zod';
import { PERMISSIONS } from '../permissions';
import { type Check, ok, type Patient, type Result, warn } from './check';
import { ConsoleError, type ConsoleProgram, createConsole, findApp } from './console-program';
import { EVENT_CODES } from './event-checks';

/** What only the developer console knows: asked by `dws` where it is there, left to a person where it is not. */

const PAGE = 50;
const MOST_PAGES = 10;

interface ConsoleApp {
  ask: ConsoleProgram;
  app: string;
}

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

function signedIn({ consoleProgram, once, config: { clientId } }: Patient): Promise<ConsoleApp> {
  return once('console', async () => {
    if (consoleProgram === undefined) throw new ConsoleError('not-installed');
    const ask = createConsole(consoleProgram);
    return { ask, app: await findApp(ask, clientId) };
  });
}

function valuesOf({ config }: Patient) {
  return { url: homeOf(config.publicOrigin), events: EVENT_CODES.join(',') };
}

/** Where the workbench leads to; DingTalk puts the company in. */
export function homeOf(publicOrigin: string): string {
  return `${publicOrigin}/?corpid=$CORPID$`;
}

const pages = consoleCheck('console-home', async ({ ask, app }, patient) => {
  const schema = z.object({ homepageUrl: z.string().optional(), pcHomepageUrl: z.string().optional() });
  const found =
    schema.safeParse(await ask(['dev', 'app', 'webapp', 'get', '--unified-app-id', app])).data ?? {};
  const url = homeOf(patient.config.publicOrigin);
  const missing = [
    ...(found.homepageUrl ? [] : ['homepageUrl']),
    ...(found.pcHomepageUrl ? [] : ['pcHomepageUrl']),
  ];
  if (missing.length > 0) return warn('home-page-missing', { app, url, which: missing.join(', ') });
  const others = [found.homepageUrl, found.pcHomepageUrl].filter(
    (one) => originOf(one) !== patient.config.publicOrigin,
  );
  return others.length > 0 ? warn('home-page-other', { app, url, found: others.join(', ') }) : ok({ url });
});

function originOf(url = ''): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

const permissions = consoleCheck('console-permissions', async ({ ask, app }) => {
  const schema = z.object({ authed: z.boolean() });
  const wanted = PERMISSIONS.filter(({ neededFor }) => neededFor !== 'calendar' && neededFor !== 'details');
  const states = await Promise.all(
    wanted.map(async ({ point }) => {
      const words = ['dev', 'app', 'permission', 'list', '--unified-app-id', app, '--scope-value', point];
      return { point, isAuthorised: schema.safeParse(firstOf(await ask(words))).data?.authed ?? false };
    }),
  );
  const missing = states.filter(({ isAuthorised }) => !isAuthorised).map(({ point }) => point);
  if (missing.length > 0) return warn('permission-unauthorised', { app, subject: missing.join(',') });
  return ok({ count: String(states.length) });
});

/** An answer about one may come alone or in a list. */
function firstOf(answer: unknown): unknown {
  const lists = [answer, ...(typeof answer === 'object' && answer !== null ? Object.values(answer) : [])];
  return lists.find(Array.isArray)?.[0] ?? answer;
}

const eventsSchema = z.object({
  events: z.array(z.object({ eventCode: z.string(), subscribed: z.boolean().optional() })),
  nextCursor: z.union([z.string(), z.number()]).nullish(),
});

const events = consoleCheck(
  'console-events',
  async ({ ask, app }) => {
    const subscribed = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const more = cursor === undefined ? [] : ['--cursor', cursor];
      const words = [
        'dev',
        'app',
        'event',
        'list',
        '--unified-app-id',
        app,
        '--page-size',
        String(PAGE),
        ...more,
      ];
      const answer = eventsSchema.safeParse(await ask(words));
      if (!answer.success) throw new ConsoleError('refused', 'events');
      for (const event of answer.data.events) if (event.subscribed) subscribed.add(event.eventCode);
      if (!answer.data.nextCursor) break;
      cursor = String(answer.data.nextCursor);
    }
    const missing = EVENT_CODES.filter((code) => !subscribed.has(code));
    if (missing.length > 0) return warn('event-unsubscribed', { app, events: missing.join(',') });
    return ok({ count: String(EVENT_CODES.length) });
  },
  ({ config }) => config.stream || config.callback !== undefined,
);

const version = consoleCheck('console-version', async ({ ask, app }) => {
  const schema = z.object({ versionStatus: z.string() });
  const answer = schema.safeParse(
    firstOf(await ask(['dev', 'app', 'version', 'status', '--unified-app-id', app])),
  );
  const status = answer.data?.versionStatus ?? '–';
  return status === 'RELEASE' ? ok({ status }) : warn('version-unreleased', { app, status });
});

/** Neither the tool nor any call says who sees the app on the workbench. */
const visibility: Check = {
  id: 'console-visible',
  circle: 'console',
  run: () => ({ outcome: 'manual' }),
};

export const consoleChecks: readonly Check[] = [pages, permissions, events, version, visibility];
