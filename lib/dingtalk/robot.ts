import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { readAnswer } from './answer';
import { DingTalkError } from './errors';
import type { DingTalkRequest } from './request';
import { type Transport, TransportError } from './transport';

const PATH = '/robot/send';
const TIMEOUT_MS = 5000;

/** A custom robot of a group, with 加签 (signature) as its security setting. */
export interface Robot {
  /** Its webhook, `https://oapi.dingtalk.com/robot/send?access_token=…`: who has it and the secret can write to the group. */
  webhook: URL;
  /** Begins with `SEC`. */
  secret: string;
}

/**
 * Writes a text into a group. DingTalk takes twenty messages a minute of a robot.
 *
 * @param at Unix time in ms; DingTalk refuses what is more than an hour off
 * @throws DingTalkError
 * @see https://open.dingtalk.com/document/robots/customize-robot-security-settings
 */
export async function sendToGroup(
  { webhook, secret }: Robot,
  text: string,
  { transport, at = Date.now() }: { transport: Transport; at?: number },
): Promise<void> {
  const url = new URL(webhook);
  url.searchParams.set('timestamp', String(at));
  url.searchParams.set('sign', createHmac('sha256', secret).update(`${at}\n${secret}`).digest('base64'));
  const body = JSON.stringify({ msgtype: 'text', text: { content: text } });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    readAnswer(REQUEST, await transport({ url, method: 'POST', headers, body, signal }));
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const { code, mayHaveHadEffect, cause } = error;
    throw new DingTalkError('unreachable', { api: PATH, code, mayHaveHadEffect }, { cause });
  }
}

const REQUEST: DingTalkRequest<unknown> = {
  host: 'oapi',
  method: 'POST',
  path: PATH,
  schema: z.unknown(),
  token: 'none',
  repeatable: false,
};
