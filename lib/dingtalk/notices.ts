import { z } from 'zod';
import type { CallOptions } from './calendar';
import type { Client } from './client';
import type { ClientLinks } from './client-links';
import { read } from './read';
import { toFields, toList, toText, toUserId, toWhole } from './wire-values';

/**
 * Work notifications (工作通知). Every call counts against the company's monthly quota. Beyond its limits DingTalk
 * answers success and delivers nothing: only the result says who was left out.
 *
 * @see https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages
 */
const BASE = '/topapi/message/corpconversation';

/** The result of a task with more receivers times out at DingTalk. */
export const RECEIVERS_PER_TASK = 100;
const MAX_TITLE_LENGTH = 50;
const MAX_MESSAGE_BYTES = 2048;

export interface NoticeMessage {
  /** At most {@link MAX_TITLE_LENGTH} characters. */
  title: string;
  /** DingTalk shows three lines of it. */
  text: string;
  links: ClientLinks;
}

/** Whether a message is within DingTalk's limits: a longer one is refused, or cut. */
export function fitsNotice(message: NoticeMessage): boolean {
  return (
    message.title.length <= MAX_TITLE_LENGTH &&
    Buffer.byteLength(JSON.stringify(toWireMessage(message))) <= MAX_MESSAGE_BYTES
  );
}

/** The kind of message that opens other pages on phones than on computers. */
function toWireMessage({ title, text, links }: NoticeMessage) {
  return {
    msgtype: 'oa',
    oa: {
      message_url: links.phone,
      pc_message_url: links.desktop,
      // The text is replaced by the app's name.
      head: { bgcolor: 'FF1677FF', text: '' },
      body: { title, content: text },
    },
  };
}

/** What is sent to whom. */
export interface NoticeTask {
  agentId: string;
  /** At most {@link RECEIVERS_PER_TASK}. */
  userIds: readonly string[];
  message: NoticeMessage;
}

/**
 * Hands a message over to DingTalk, which delivers it later: success means accepted. Sent once: a repetition is for the
 * caller to decide, because DingTalk drops one only on the same day.
 *
 * @returns the id under which DingTalk gives the result; undefined when it gave none that can be read
 * @throws DingTalkError `40056` for another app's AgentId
 */
export async function sendNotice(
  client: Client,
  { agentId, userIds, message }: NoticeTask,
  options: CallOptions = {},
): Promise<number | undefined> {
  const answer = await client.call({
    host: 'oapi',
    method: 'POST',
    path: `${BASE}/asyncsend_v2`,
    // An empty list of departments would be an error.
    body: { agent_id: Number(agentId), userid_list: userIds.join(','), msg: toWireMessage(message) },
    schema: z.object({ task_id: z.unknown().optional() }),
    flat: true,
    repeatable: false,
    ...options,
  });
  return toWhole(answer.task_id);
}

/** What became of a task, by user id. Who is in no list yet is neither delivered nor refused. */
export interface NoticeResult {
  read: string[];
  unread: string[];
  /** With DingTalk's code, such as `143106` for a repeated content; undefined where it gave none. */
  refused: { userId: string; code: string | undefined }[];
  /** No members, or outside the app's visible range. */
  invalid: string[];
  failed: string[];
}

/**
 * For 24 hours after the sending.
 *
 * @throws DingTalkError
 * @see https://open.dingtalk.com/document/development/gets-the-result-of-sending-messages-asynchronously-to-the-enterprise
 */
export async function getNoticeResult(
  client: Client,
  { agentId, taskId }: { agentId: string; taskId: number },
  options: CallOptions = {},
): Promise<NoticeResult> {
  const body = { agent_id: Number(agentId), task_id: taskId };
  const schema = z.object({ send_result: z.unknown() });
  const answer = await read(client, `${BASE}/getsendresult`, body, schema, { flat: true, ...options });
  const result = toFields(answer.send_result);
  const codes = new Map(
    toList(result.forbidden_list, (item) => {
      const { userid, code } = toFields(item);
      const userId = toUserId(userid);
      return userId === undefined ? undefined : ([userId, toText(code)] as const);
    }),
  );
  const refused = new Set([...codes.keys(), ...toList(result.forbidden_user_id_list, toUserId)]);
  return {
    read: toList(result.read_user_id_list, toUserId),
    unread: toList(result.unread_user_id_list, toUserId),
    refused: [...refused].map((userId) => ({ userId, code: codes.get(userId) })),
    invalid: toList(result.invalid_user_id_list, toUserId),
    failed: toList(result.failed_user_id_list, toUserId),
  };
}

/** Takes a message back, for 24 hours after the sending. @throws DingTalkError `400002` when there is no such task */
export async function recallNotice(
  client: Client,
  { agentId, taskId }: { agentId: string; taskId: number },
  options: CallOptions = {},
): Promise<void> {
  // Here the task has another name.
  const body = { agent_id: Number(agentId), msg_task_id: taskId };
  await read(client, `${BASE}/recall`, body, z.unknown(), { flat: true, ...options });
}
