import { Refusal } from '../../platform/answers';
import type { Json } from '../../platform/json';
import type { NoticeTask } from '../../platform/notices';
import type { Platform } from '../../platform/platform';
import { authorizedScope } from './authorized-scope';
import { type Call, type Endpoint, readInteger, readValue, topapi } from './endpoint';

const BASE = '/topapi/message/corpconversation';
const COUNTED = { permission: 'qyapi_base', counted: true } as const;
const KINDS = ['text', 'image', 'voice', 'file', 'link', 'oa', 'markdown', 'action_card'];
const MOST_USERS = 100;
const MOST_DEPARTMENTS = 20;
const MOST_BYTES = 2048;
const MOST_RECEIVERS = 5000;
/** The result of a task with more receivers times out. */
const MOST_IN_RESULT = 100;

/** Work notifications. @see https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages */
export const noticeEndpoints: Endpoint[] = [
  topapi(
    `${BASE}/asyncsend_v2`,
    {
      ...COUNTED,
      required: { agent_id: 'number' },
      optional: { userid_list: 'text', dept_id_list: 'text', to_all_user: 'boolean' },
    },
    (call) => ({ task_id: send(call).id }),
  ),
  topapi(
    `${BASE}/getsendprogress`,
    { ...COUNTED, required: { agent_id: 'number', task_id: 'number' } },
    (call) => {
      requireTask(call, 'task_id', 40035);
      return { progress: { progress_in_percent: 100, status: 2 } };
    },
  ),
  topapi(
    `${BASE}/getsendresult`,
    { ...COUNTED, required: { agent_id: 'number', task_id: 'number' } },
    (call) => {
      const task = requireTask(call, 'task_id', 40035);
      const { receivers, refused, invalid } = task;
      if (receivers.size + refused.size + invalid.length > MOST_IN_RESULT) throw new Refusal(15);
      const whoAre = (state: string) =>
        [...receivers].filter(([, at]) => at === state).map(([userid]) => userid);
      return {
        send_result: {
          invalid_user_id_list: invalid,
          forbidden_user_id_list: [...refused.keys()],
          failed_user_id_list: [],
          read_user_id_list: whoAre('read'),
          unread_user_id_list: whoAre('unread'),
          invalid_dept_id_list: [],
          forbidden_list: [...refused].map(([userid, code]) => ({
            code,
            count: code === '143105' ? 500 : 1,
            userid,
          })),
        },
      };
    },
  ),
  // Here, and only here, the task has another name.
  topapi(
    `${BASE}/recall`,
    { ...COUNTED, required: { agent_id: 'number', msg_task_id: 'number' } },
    (call) => {
      requireTask(call, 'msg_task_id', 400002).isRecalled = true;
      return {};
    },
  ),
];

function send(call: Call): NoticeTask {
  const { platform } = call;
  requireAgent(call);
  const message = readMessage(readValue(call, 'msg'));
  const userids = listOf(call, 'userid_list', MOST_USERS);
  const departments = listOf(call, 'dept_id_list', MOST_DEPARTMENTS);
  const toAll = String(readValue(call, 'to_all_user')) === 'true';
  if (!toAll && userids.length + departments.length === 0) throw new Refusal(40035);
  const { company } = platform;
  const wanted = new Set([
    ...userids,
    ...departments.flatMap((id) => [...company.membersBelow(Number(id))].map(({ userid }) => userid)),
    ...(toAll ? company.people.map(({ userid }) => userid) : []),
  ]);
  const members = [...wanted].filter((userid) => isReached(platform, userid)).slice(0, MOST_RECEIVERS);
  const invalid = [...wanted].filter((userid) => !isReached(platform, userid));
  return platform.notices.send(message, { members, invalid });
}

/** Who is outside of the app's range counts as no valid id (assumed). */
function isReached(platform: Platform, userid: string): boolean {
  const person = platform.company.person(userid);
  return person !== undefined && authorizedScope(platform).hasPerson(person);
}

function requireAgent(call: Call): void {
  if (String(readInteger(call, 'agent_id')) !== call.platform.app.agentId)
    throw new Refusal(40056, '不合法的agentid');
}

function requireTask(call: Call, name: string, errcode: number): NoticeTask {
  requireAgent(call);
  const task = call.platform.notices.task(readInteger(call, name));
  if (!task) throw new Refusal(errcode);
  return task;
}

/** An object, or JSON in a form. */
function readMessage(value: unknown): Record<string, Json> {
  const message: unknown = typeof value === 'string' ? parse(value) : value;
  if (typeof message !== 'object' || message === null)
    throw new Refusal(40, 'Missing required arguments:msg');
  const { msgtype } = message as Record<string, Json>;
  if (!KINDS.includes(String(msgtype)) || !(String(msgtype) in message)) throw new Refusal(40035);
  if (Buffer.byteLength(JSON.stringify(message)) > MOST_BYTES) throw new Refusal(40035);
  return message as Record<string, Json>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Comma-joined; an empty text is an error of its own. */
function listOf(call: Call, name: string, most: number): string[] {
  const value = readValue(call, name);
  if (value === undefined) return [];
  const items = String(value).split(',');
  if (items.length > most || items.includes('')) throw new Refusal(40035);
  return items;
}
