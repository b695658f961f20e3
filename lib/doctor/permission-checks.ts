import 'server-only';
import { z } from 'zod';
import { getAuthorizedRange } from '../dingtalk/auth-scopes';
import { CALENDAR } from '../dingtalk/calendar';
import { listSubDepartments, ROOT_DEPARTMENT_ID } from '../dingtalk/departments';
import { DingTalkError } from '../dingtalk/errors';
import { getNoticeResult } from '../dingtalk/notices';
import { exchangeBrowserCode } from '../dingtalk/oauth';
import { read } from '../dingtalk/read';
import type { DingTalkRequest } from '../dingtalk/request';
import { exchangeCode, findEmployee } from '../dingtalk/users';
import { fromDingTalk } from '../dingtalk-problems';
import type { Problem } from '../errors';
import { PERMISSIONS, type Permission } from '../permissions';
import { createCallCounter } from '../storage/call-counter';
import { bad, type Check, ok, type Patient, type Result, untried, warn } from './check';

/** Each permission point, by one call that reads or changes nothing. */

/** No such person, code or department: DingTalk looks at token, address and permission before it looks for them. */
const ABSENT_ID = 'dingpassDoctor';

type Ask = (patient: Patient) => Promise<unknown>;

const CALLS: Readonly<Record<string, Ask>> = {
  qyapi_base: ({ client }) => exchangeCode(client, ABSENT_ID),
  qyapi_get_member: ({ client }) => findEmployee(client, ABSENT_ID),
  open_app_api_base: ({ client }) => exchangeBrowserCode(client, ABSENT_ID),
  'Contact.User.Read': ({ client }) => profile(client),
  qyapi_get_department_list: ({ client }) => listSubDepartments(client, ROOT_DEPARTMENT_ID),
  qyapi_get_department_member: ({ client }) => peopleOf(client, ROOT_DEPARTMENT_ID),
  'Calendar.Event.Read': (patient) => calendar(patient, 'GET', `${CALENDAR}/events`, { maxResults: '1' }),
  // Without title and time nothing can be made of it, not even if there were such a person.
  'Calendar.Event.Write': (patient) => calendar(patient, 'POST', `${CALENDAR}/events`),
  'Calendar.EventSchedule.Read': (patient) =>
    calendar(patient, 'POST', '/v1.0/calendar/users/{unionId}/querySchedule'),
};

/** The answers that have nothing to do with the person, code or department that is not there. */
const ABOUT_THE_APP = new Set<Problem>([
  'bad-credentials',
  'token-refused',
  'permission-missing',
  'address-refused',
  'app-disabled',
  'agent-refused',
  'throttled',
  'quota-spent',
  'unreachable',
  'malformed',
  'html-page',
  'host-unknown',
  'connection-refused',
  'certificate-refused',
  'proxy-failed',
]);

/** @throws DingTalkError about the app or the way to DingTalk */
async function isAllowed(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof DingTalkError) || ABOUT_THE_APP.has(fromDingTalk(error).problem)) throw error;
  }
}

/** With the app's token, which is the wrong kind: that is judged after the permission. */
async function profile(client: Patient['client']): Promise<void> {
  try {
    await client.call({
      host: 'api',
      method: 'GET',
      path: '/v1.0/contact/users/me',
      schema: z.unknown(),
      repeatable: false,
    });
  } catch (error) {
    if (!(error instanceof DingTalkError && error.isTokenRefused)) throw error;
  }
}

const recordSchema = z.record(z.string(), z.unknown());

async function peopleOf(client: Patient['client'], departmentId: number) {
  const body = { dept_id: departmentId, cursor: 0, size: 20, contain_access_limit: true };
  const schema = z.object({ list: z.array(recordSchema) });
  return (await read(client, '/topapi/v2/user/list', body, schema)).list;
}

async function calendar(
  patient: Patient,
  method: 'GET' | 'POST',
  path: string,
  query?: Record<string, string>,
): Promise<unknown> {
  const request: DingTalkRequest<unknown> = {
    ...{ host: 'api', method, path, pathValues: { unionId: ABSENT_ID } },
    ...(query ? { query } : { body: {} }),
    ...{ schema: z.unknown(), mayBeEmpty: true, repeatable: false },
  };
  await countCall(patient, 'calendar');
  return patient.client.call(request);
}

/** What this app counts of the month has to be right, also where a command spends it. */
async function countCall({ storage, config }: Patient, kind: 'calendar' | 'notices'): Promise<void> {
  const { current } = await storage();
  if (current && config.monthlyCalls > 0)
    await createCallCounter(current.records)
      .add(kind, 1)
      .catch(() => undefined);
}

const OPTIONAL = new Set<Permission['neededFor']>(['calendar', 'details']);

function permissionCheck({ point, name, neededFor }: Permission): Check | undefined {
  const ask = CALLS[point];
  if (!ask) return undefined;
  const isCounted = neededFor === 'calendar';
  return {
    id: `permission:${point}`,
    textId: 'permission',
    facts: { point, name },
    circle: 'dingtalk',
    needs: isCounted ? ['legacy-api', 'monthly-calls'] : ['legacy-api'],
    isWanted: ({ maySpend, config }) => !isCounted || (maySpend && config.monthlyCalls > 0),
    run: async (patient) => {
      try {
        await isAllowed(() => ask(patient));
        return ok();
      } catch (error) {
        if (!isMissing(error)) throw error;
        const { applyUrl, requiredScopes } = error.detail;
        const values = { scopes: requiredScopes?.join(', ') || point, api: error.detail.api };
        const fault = OPTIONAL.has(neededFor) ? warn : bad;
        return fault('permission-missing', applyUrl ? { ...values, applyUrl } : values);
      }
    },
  };
}

function isMissing(error: unknown): error is DingTalkError {
  return error instanceof DingTalkError && fromDingTalk(error).problem === 'permission-missing';
}

/** Fields that DingTalk leaves out where the permission is missing; with it they are there, empty or not. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  fieldMobile: ['mobile', 'state_code'],
  fieldEmail: ['email', 'org_email', 'work_place', 'remark'],
};

function fieldCheck(point: string): Check {
  const { name } = PERMISSIONS.find((permission) => permission.point === point)!;
  return {
    id: `permission:${point}`,
    textId: 'permission-field',
    facts: { point, name },
    circle: 'dingtalk',
    needs: ['range', 'permission:qyapi_get_department_member', 'permission:qyapi_get_department_list'],
    run: async (patient): Promise<Result> => {
      const people = await somePeople(patient);
      if (people.length === 0) return untried({ reason: 'nobody' });
      const isThere = people.some((person) => FIELDS[point]!.some((field) => field in person));
      return isThere ? ok() : warn('fields-missing', { subject: point });
    },
  };
}

const MOST_DEPARTMENTS = 5;

/** People of the first authorised departments that have any, or else one who is authorised alone. */
function somePeople({ client, once }: Patient): Promise<z.infer<typeof recordSchema>[]> {
  return once('some-people', async () => {
    const { departmentIds, userIds } = await getAuthorizedRange(client);
    const [first] = departmentIds;
    const below = first === undefined ? [] : await listSubDepartments(client, first);
    const ids = [...departmentIds, ...below.map(({ id }) => id)].filter((id) => id !== undefined);
    for (const id of ids.slice(0, MOST_DEPARTMENTS)) {
      const people = await peopleOf(client, id);
      if (people.length > 0) return people;
    }
    const [userid] = userIds;
    return userid === undefined ? [] : [await read(client, '/topapi/v2/user/get', { userid }, recordSchema)];
  });
}

const agent: Check = {
  id: 'agent-id',
  circle: 'dingtalk',
  needs: ['legacy-api', 'monthly-calls', 'permission:qyapi_base'],
  isWanted: ({ config, maySpend }) => config.agentId !== undefined && maySpend && config.monthlyCalls > 0,
  run: async (patient) => {
    const { agentId = '' } = patient.config;
    await countCall(patient, 'notices');
    await isAllowed(() => getNoticeResult(patient.client, { agentId, taskId: 1 }));
    return ok({ agentId });
  },
};

export const permissionChecks: readonly Check[] = [
  ...PERMISSIONS.map(permissionCheck).filter((check) => check !== undefined),
  fieldCheck('fieldMobile'),
  fieldCheck('fieldEmail'),
  agent,
];
