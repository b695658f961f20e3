import { ConsoleError, type ConsoleProgram } from '../../lib/doctor/console-program';

/** The developer console as `dws` speaks of it, by its documentation: nobody here has run it. */
export interface ConsoleState {
  signedIn: boolean;
  app: { unifiedAppId: string; clientId: string; clientSecret: string } | undefined;
  webapp: { homepageUrl?: string; pcHomepageUrl?: string };
  security: Record<string, string>;
  /** Permission points that are authorised. */
  authorised: string[];
  /** Points that an administrator has to approve first. */
  needApproval: string[];
  subscribed: string[];
  isStreamOnline: boolean;
  versions: number;
  versionStatus: 'INIT' | 'AUDIT' | 'RELEASE';
  versionNeedsApproval: boolean;
  /** Every command, without its values. */
  ran: string[];
}

const EVENTS = Array.from({ length: 60 }, (_, index) => `bpms_event_${index}`);

export function createConsoleState(change: Partial<ConsoleState> = {}): ConsoleState {
  return {
    signedIn: true,
    app: undefined,
    webapp: {},
    security: {},
    authorised: [],
    needApproval: [],
    subscribed: [],
    isStreamOnline: true,
    versions: 0,
    versionStatus: 'INIT',
    versionNeedsApproval: false,
    ran: [],
    ...change,
  };
}

/** Speaks as `dws` with `--format json`. Commands that write refuse without `--yes`. */
export function createDws(state: ConsoleState): ConsoleProgram {
  return async (words) => {
    const [verbs, flags] = parse(words);
    state.ran.push(verbs);
    if (!state.signedIn) throw new ConsoleError('not-signed-in', 'NOT_LOGIN 请先登录');
    if (WRITING.has(verbs) && !('yes' in flags)) throw new ConsoleError('refused', 'CONFIRM --yes');
    const answer = ANSWERS[verbs];
    if (!answer) throw new ConsoleError('refused', `UNKNOWN ${verbs}`);
    return answer(state, flags);
  };
}

type Flags = Record<string, string>;

function parse(words: readonly string[]): [string, Flags] {
  const at = words.findIndex((word) => word.startsWith('--'));
  const rest = at < 0 ? [] : words.slice(at);
  const flags: Flags = {};
  for (let index = 0; index < rest.length; index++) {
    const name = rest[index]!.slice(2);
    const next = rest[index + 1];
    if (next === undefined || next.startsWith('--')) flags[name] = '';
    else flags[name] = rest[++index]!;
  }
  return [words.slice(0, at < 0 ? undefined : at).join(' '), flags];
}

const WRITING = new Set([
  'dev app create',
  'dev app webapp config',
  'dev app security config',
  'dev app permission add',
  'dev app event subscribe',
  'dev app version create',
  'dev app version publish',
]);

const ANSWERS: Record<string, (state: ConsoleState, flags: Flags) => unknown> = {
  'dev app create': (state) => {
    state.app = {
      unifiedAppId: 'app-0001',
      clientId: 'dingnewapp0001',
      clientSecret: 'a-new-secret-of-the-console-0001',
    };
    return { unifiedAppId: state.app.unifiedAppId };
  },
  'dev app get': (state, flags) => {
    if (!state.app || (flags['app-key'] ?? state.app.clientId) !== state.app.clientId)
      throw new ConsoleError('refused', 'APP_NOT_FOUND');
    return { unifiedAppId: state.app.unifiedAppId, appStatus: 'ONLINE' };
  },
  'dev app credentials get': ({ app }) => app,
  'dev app webapp config': (state, flags) => {
    state.webapp = { homepageUrl: flags['homepage-url']!, pcHomepageUrl: flags['pc-homepage-url']! };
    return {};
  },
  'dev app webapp get': ({ webapp }) => webapp,
  'dev app security config': (state, flags) => {
    state.security = flags;
    return {};
  },
  'dev app permission add': (state, flags) => {
    for (const point of flags['scope-values']!.split(','))
      if (!state.needApproval.includes(point)) state.authorised.push(point);
    return {};
  },
  'dev app permission list': (state, flags) => {
    const scopeValue = flags['scope-value']!;
    const authed = state.authorised.includes(scopeValue);
    return {
      permissions: [{ scopeValue, authed, requiredApproval: state.needApproval.includes(scopeValue) }],
    };
  },
  'dev app event subscribe': (state, flags) => {
    if (!state.isStreamOnline) throw new ConsoleError('refused', 'EVENT 长链接未在线');
    state.subscribed.push(...flags['event-codes']!.split(','));
    return { needsPublish: true };
  },
  'dev app event list': (state, flags) => {
    const all = [...EVENTS, ...state.subscribed];
    const from = Number(flags.cursor ?? 0);
    const size = Number(flags['page-size'] ?? 20);
    const events = all.slice(from, from + size).map((eventCode) => ({
      eventCode,
      eventName: eventCode,
      subscribed: state.subscribed.includes(eventCode),
    }));
    return { events, nextCursor: from + size < all.length ? String(from + size) : '' };
  },
  'dev app version create': (state) => {
    state.versions += 1;
    return { versionId: `version-${state.versions}` };
  },
  'dev app version check-approval': (state) => ({ needApproval: state.versionNeedsApproval }),
  'dev app version publish': (state) => {
    state.versionStatus = 'RELEASE';
    return {};
  },
  'dev app version status': ({ versionStatus }) => ({ versionStatus, processStatus: 'DONE' }),
};
