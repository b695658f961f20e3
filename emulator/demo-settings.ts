import { randomBytes } from 'node:crypto';
import type { Emulator } from './server';

/** The settings of an app whose DingTalk is this emulator: what the demo runs with. @param origin as browsers see it */
export function demoSettings(emulator: Emulator, origin: string): Record<string, string> {
  const { host } = new URL(origin);
  return {
    DINGTALK_CORP_ID: emulator.corpId,
    DINGTALK_CLIENT_ID: emulator.clientId,
    DINGTALK_CLIENT_SECRET: emulator.clientSecret,
    DINGTALK_AGENT_ID: emulator.agentId,
    DINGTALK_API_URL: emulator.url,
    DINGTALK_OAPI_URL: emulator.url,
    DINGTALK_LOGIN_URL: origin,
    // Without it nobody would hear of the workbench's buttons: who is dismissed there has to be out here.
    DINGTALK_STREAM: 'on',
    PUBLIC_ORIGIN: origin,
    SESSION_KEYS: `demo:${randomBytes(32).toString('hex')}`,
    SESSION_SEAL_KEY: 'demo',
    SHOW_OPERATOR_HINTS: 'true',
    AVATAR_HOSTS: `${host},${host.replace('localhost', '127.0.0.1')}`,
    TRUSTED_PROXY_HOPS: '1',
  };
}
