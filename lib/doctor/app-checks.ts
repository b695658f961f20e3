import 'server-only';
import { type AuthorizedRange, getAuthorizedRange } from '../dingtalk/auth-scopes';
import { createClient } from '../dingtalk/client';
import { getDepartment, ROOT_DEPARTMENT_ID } from '../dingtalk/departments';
import { DingTalkError } from '../dingtalk/errors';
import { authorizeUrl } from '../dingtalk/oauth';
import { createProxyFor } from '../dingtalk/outgoing-proxy';
import { createTransport } from '../dingtalk/transport';
import { getMember } from '../dingtalk/users';
import { fromDingTalk } from '../dingtalk-problems';
import { bad, type Check, ok, type Patient, type Result, untried, warn } from './check';
import { isAppOf } from './company';
import { countCovered } from './covered-departments';

/** The app as DingTalk knows it: its token, its company, its range, its redirect URL. */

const token: Check = {
  id: 'token',
  circle: 'dingtalk',
  needs: ['ids', 'hosts'],
  run: async (patient) => {
    try {
      await patient.client.warm();
      return ok({ clientId: patient.config.clientId });
    } catch (error) {
      if (await areSwapped(patient, error)) return bad('hosts-swapped');
      throw error;
    }
  },
};

/** The token comes from the other host. */
async function areSwapped({ config }: Patient, error: unknown): Promise<boolean> {
  const { apiUrl, oapiUrl, clientId, clientSecret, outgoingProxy } = config;
  if (apiUrl === oapiUrl || !(error instanceof DingTalkError) || !hasAnswered(error)) return false;
  const proxyFor = createProxyFor(outgoingProxy);
  const swapped = createClient({
    clientId,
    clientSecret,
    apiUrl: oapiUrl,
    oapiUrl: apiUrl,
    proxyFor,
    timeoutMs: 2000,
  });
  return swapped.warm().then(
    () => true,
    () => false,
  );
}

/** Something is there, though it may be another host. */
function hasAnswered({ kind, code, isOwnCode }: DingTalkError): boolean {
  return kind !== 'unreachable' || !isOwnCode || /^http-|^html-page$/.test(code);
}

const legacyApi: Check = {
  id: 'legacy-api',
  circle: 'dingtalk',
  needs: ['token'],
  run: async (patient) => {
    const values = { host: new URL(patient.config.oapiUrl).host };
    try {
      await rangeOf(patient);
      return ok(values);
    } catch (error) {
      // Which permission, says the check of that permission: this one is about the host.
      if (error instanceof DingTalkError && error.isPermissionMissing) return ok(values);
      throw error;
    }
  },
};

const company: Check = {
  id: 'company',
  circle: 'dingtalk',
  needs: ['token'],
  assumed: true,
  run: async ({ client, config: { corpId } }) =>
    (await isAppOf(client, corpId)) ? ok({ corpId }) : bad('company-other', { corpId }),
};

function rangeOf({ client, once }: Patient): Promise<AuthorizedRange> {
  return once('range', () => getAuthorizedRange(client));
}

const SHOWN = 5;

const range: Check = {
  id: 'range',
  circle: 'dingtalk',
  needs: ['legacy-api', 'permission:qyapi_base'],
  run: async (patient) => {
    const { departmentIds, userIds } = await rangeOf(patient);
    if (departmentIds.includes(ROOT_DEPARTMENT_ID)) return ok({}, 'whole');
    if (departmentIds.length + userIds.length === 0) return bad('range-empty');
    const names = await Promise.all(departmentIds.slice(0, SHOWN).map((id) => nameOf(patient, id)));
    const more = departmentIds.length > SHOWN ? ' …' : '';
    const counts = await countCovered(patient.client, departmentIds).catch(() => undefined);
    return warn('range-partial', {
      covered: String(counts?.covered ?? departmentIds.length),
      total: counts ? String(counts.total) : '?',
      names: `${names.join('、')}${more}`,
      people: String(userIds.length),
    });
  },
};

async function nameOf({ client }: Patient, id: number): Promise<string> {
  return getDepartment(client, id).then(
    ({ name }) => name,
    () => String(id),
  );
}

/** Beyond it the check would be a sync. */
const MOST_PEOPLE = 10;

const namedPeople: Check = {
  id: 'named-people',
  circle: 'dingtalk',
  needs: ['legacy-api', 'permission:qyapi_get_member'],
  isWanted: ({ config }) => namedIn(config).length > 0,
  run: async ({ client, config }) => {
    const named = namedIn(config).slice(0, MOST_PEOPLE);
    const problems = await Promise.all(
      named.map(async ({ setting, userId }) => ({
        setting,
        userId,
        problem: await problemOf(client, userId),
      })),
    );
    const found = (problem: string) => problems.filter((one) => one.problem === problem);
    const valuesOf = (list: typeof problems) => ({
      setting: [...new Set(list.map(({ setting }) => setting))].join(', '),
      userIds: list.map(({ userId }) => userId).join(', '),
    });
    const [unknown, outside] = [found('not-member'), found('not-allowed')];
    if (unknown.length > 0) return warn('person-unknown', valuesOf(unknown));
    if (outside.length > 0) return warn('person-outside', valuesOf(outside));
    return ok({ count: String(named.length) });
  },
};

function namedIn({ adminUserIds, auditors, directory: { seeHidden, mayExport } }: Patient['config']) {
  return [
    ...adminUserIds.map((userId) => ({ setting: 'ADMIN_USER_IDS', userId })),
    ...auditors.userIds.map((userId) => ({ setting: 'AUDITORS', userId })),
    ...seeHidden.userIds.map((userId) => ({ setting: 'DIRECTORY_SEE_HIDDEN', userId })),
    ...mayExport.userIds.map((userId) => ({ setting: 'DIRECTORY_EXPORT', userId })),
  ];
}

async function problemOf(client: Patient['client'], userId: string): Promise<string | undefined> {
  try {
    await getMember(client, userId);
    return undefined;
  } catch (error) {
    if (!(error instanceof DingTalkError)) throw error;
    const { problem } = fromDingTalk(error);
    if (problem === 'not-member' || problem === 'not-allowed') return problem;
    throw error;
  }
}

/** DingTalk's own words on its page, as the emulator has them. */
const UNREGISTERED = /50001|redirect_uri\s*未授权/;

const redirectUrl: Check = {
  id: 'redirect-url',
  circle: 'dingtalk',
  needs: ['token'],
  assumed: true,
  run: async ({ config }): Promise<Result> => {
    const { loginUrl, clientId, publicUrl, outgoingProxy } = config;
    const redirectUri = `${publicUrl}/api/oauth/callback`;
    const url = new URL(authorizeUrl({ loginUrl, clientId, redirectUri, state: 'dingpass-doctor' }));
    const transport = createTransport({ proxyFor: createProxyFor(outgoingProxy) });
    const signal = AbortSignal.timeout(3000);
    const request = {
      url,
      method: 'GET' as const,
      headers: { accept: 'text/html' },
      body: undefined,
      signal,
    };
    // Browsers open this page, and this machine need not be able to.
    const answer = await transport(request).catch(() => undefined);
    if (answer?.text === undefined) return untried({ reason: new URL(loginUrl).host });
    return UNREGISTERED.test(answer.text)
      ? bad('redirect-unknown', { url: redirectUri })
      : ok({ url: redirectUri });
  },
};

export const appChecks: readonly Check[] = [token, legacyApi, company, range, namedPeople, redirectUrl];
