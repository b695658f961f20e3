import 'server-only';
import { randomBytes } from 'node:crypto';
import { encryptText, openCallback, sign } from '../dingtalk/callback';
import { bad, type Check, ok, untried } from './check';
import { askOrigin } from './origin-request';

const ADDRESS = '/api/dingtalk/events';

/** Asks our own address what DingTalk asks when the callback address is saved, and reads the answer as DingTalk does. */
export const callbackCheck: Check = {
  id: 'callback',
  circle: 'dingtalk',
  needs: ['origin', 'origin-request'],
  isWanted: ({ config }) => config.callback !== undefined,
  run: async ({ config, now }) => {
    const { token, aesKey } = config.callback!;
    const random = randomBytes(16);
    const encrypt = encryptText('{"EventType":"check_url"}', { aesKey, ownerKey: config.clientId, random });
    const [timestamp, nonce] = [String(now()), randomBytes(8).toString('hex')];
    const query = new URLSearchParams({
      signature: sign([token, timestamp, nonce, encrypt]),
      timestamp,
      nonce,
    });
    const url = new URL(`${config.publicUrl}${ADDRESS}?${query}`);
    const body = Buffer.from(JSON.stringify({ encrypt }));
    const answer = await askOrigin(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if ('failure' in answer) return untried({ reason: answer.failure });
    const shown = { url: config.publicUrl + ADDRESS, status: String(answer.status) };
    return isSuccess(answer.text, { token, aesKey, ownerKeys: [config.clientId] })
      ? ok(shown)
      : bad('callback-refused', shown);
  },
};

function isSuccess(text: string, keys: Parameters<typeof openCallback>[2]['keys']): boolean {
  try {
    const { msg_signature, timeStamp, nonce, encrypt } = JSON.parse(text) as Record<string, string>;
    const query = new URLSearchParams({
      msg_signature: msg_signature!,
      timestamp: timeStamp!,
      nonce: nonce!,
    });
    return openCallback(query, JSON.stringify({ encrypt }), { keys }).text === 'success';
  } catch {
    return false;
  }
}
