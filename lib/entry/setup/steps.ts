import 'server-only';
import { withBasePath } from '../../base-path';
import { homeOf, WANTED_PERMISSIONS } from '../../doctor/console-checks';
import { EVENT_CODES } from '../../doctor/event-checks';

/** What makes an app of nothing, in the order in which DingTalk's console wants it, as commands of `dws`. */

/** What the commands are filled in from. */
export interface SetupFacts {
  name: string;
  publicOrigin: string;
  /** Of an app that exists; undefined: one is created. */
  clientId: string | undefined;
  usesStream: boolean;
}

export interface SetupStep {
  id:
    | 'create'
    | 'find'
    | 'credentials'
    | 'webapp'
    | 'security'
    | 'permissions'
    | 'start'
    | 'events'
    | 'version'
    | 'publish';
  /** After `dws`; `{app}` and `{version}` are known when the step is reached. Empty: nothing to run. */
  words: readonly string[];
  /** It only reads: no `--yes`. */
  isReading?: true;
  /** It replaces a list that cannot be read first: safe only for an app that was created just now. */
  replacesList?: true;
}

const APP = ['--unified-app-id', '{app}'] as const;

export function setupSteps({ name, publicOrigin, clientId, usesStream }: SetupFacts): SetupStep[] {
  const home = homeOf(publicOrigin);
  const first: SetupStep =
    clientId === undefined
      ? { id: 'create', words: ['dev', 'app', 'create', '--name', name] }
      : { id: 'find', words: ['dev', 'app', 'get', '--app-key', clientId], isReading: true };
  const events: SetupStep[] = [
    { id: 'start', words: [] },
    {
      id: 'events',
      words: ['dev', 'app', 'event', 'subscribe', ...APP, '--event-codes', EVENT_CODES.join(',')],
    },
  ];
  return [
    first,
    { id: 'credentials', words: ['dev', 'app', 'credentials', 'get', ...APP], isReading: true },
    {
      id: 'webapp',
      words: ['dev', 'app', 'webapp', 'config', ...APP, '--homepage-url', home, '--pc-homepage-url', home],
    },
    {
      id: 'security',
      words: [
        ...['dev', 'app', 'security', 'config', ...APP],
        ...['--redirect-urls', redirectOf(publicOrigin), '--sso-urls', publicOrigin],
      ],
      replacesList: true,
    },
    {
      id: 'permissions',
      words: ['dev', 'app', 'permission', 'add', ...APP, '--scope-values', WANTED_PERMISSIONS.join(',')],
    },
    ...(usesStream ? events : []),
    { id: 'version', words: ['dev', 'app', 'version', 'create', ...APP] },
    {
      id: 'publish',
      words: ['dev', 'app', 'version', 'publish', ...APP, '--version-id', '{version}'],
    },
  ];
}

/** Where DingTalk's sign-in page sends browsers back to. */
export function redirectOf(publicOrigin: string): string {
  return publicOrigin + withBasePath('/api/oauth/callback');
}

/** What is run for a step: what writes has to be told that it is meant. */
export function wordsOf({ words, isReading }: SetupStep): readonly string[] {
  return isReading ? words : [...words, '--yes'];
}

/** As a shell takes it: what is more than a word is quoted. */
export function shellLine(words: readonly string[]): string {
  return ['dws', ...words]
    .map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
