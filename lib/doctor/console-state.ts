import 'server-only';
import { z } from 'zod';
import { ConsoleError, type ConsoleProgram } from './console-program';

/** What the developer console has of an app, read by `dws`. All throw ConsoleError. */

export interface ConsoleApp {
  ask: ConsoleProgram;
  /** The unifiedAppId. */
  app: string;
}

const PAGE = 50;
const MOST_PAGES = 10;

const command = (app: string, ...words: string[]) => ['dev', 'app', ...words, '--unified-app-id', app];

/** The app of a Client ID. */
export async function findApp(ask: ConsoleProgram, clientId: string): Promise<string> {
  const found = z
    .object({ unifiedAppId: z.string().min(1) })
    .safeParse(await ask(['dev', 'app', 'get', '--app-key', clientId]));
  if (!found.success) throw new ConsoleError('refused', 'unifiedAppId');
  return found.data.unifiedAppId;
}

/** Where the workbench leads to; undefined where that was never entered. */
export async function homePages({ ask, app }: ConsoleApp) {
  const schema = z.object({ homepageUrl: z.string().optional(), pcHomepageUrl: z.string().optional() });
  return schema.safeParse(await ask(command(app, 'webapp', 'get'))).data ?? {};
}

/** Those of some permission points that are not authorised. */
export async function unauthorised({ ask, app }: ConsoleApp, points: readonly string[]): Promise<string[]> {
  const schema = z.object({ authed: z.boolean() });
  const states = await Promise.all(
    points.map(async (point) => {
      const answer = await ask([...command(app, 'permission', 'list'), '--scope-value', point]);
      return { point, isAuthorised: schema.safeParse(firstOf(answer)).data?.authed ?? false };
    }),
  );
  return states.filter(({ isAuthorised }) => !isAuthorised).map(({ point }) => point);
}

/** An answer about one may come alone or in a list. */
function firstOf(answer: unknown): unknown {
  const lists = [answer, ...(typeof answer === 'object' && answer !== null ? Object.values(answer) : [])];
  return lists.find(Array.isArray)?.[0] ?? answer;
}

const eventsSchema = z.object({
  events: z.array(z.object({ eventCode: z.string(), subscribed: z.boolean().optional() })),
  nextCursor: z.union([z.string(), z.number()]).nullish(),
});

/** Those of some events that are not subscribed. */
export async function unsubscribed({ ask, app }: ConsoleApp, codes: readonly string[]): Promise<string[]> {
  const subscribed = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const more = cursor === undefined ? [] : ['--cursor', cursor];
    const words = [...command(app, 'event', 'list'), '--page-size', String(PAGE), ...more];
    const answer = eventsSchema.safeParse(await ask(words));
    if (!answer.success) throw new ConsoleError('refused', 'events');
    for (const event of answer.data.events) if (event.subscribed) subscribed.add(event.eventCode);
    if (!answer.data.nextCursor) break;
    cursor = String(answer.data.nextCursor);
  }
  return codes.filter((code) => !subscribed.has(code));
}

/** Of the latest version: INIT, AUDIT, RELEASE, GRAY. */
export async function versionStatus({ ask, app }: ConsoleApp): Promise<string> {
  const schema = z.object({ versionStatus: z.string() });
  return schema.safeParse(firstOf(await ask(command(app, 'version', 'status')))).data?.versionStatus ?? '–';
}
