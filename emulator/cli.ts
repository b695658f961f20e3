#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { toAppPath } from './app-path';
import { type Emulator, startEmulator } from './server';

const USAGE =
  'usage: dingtalk-emulator [--members 60] [--departments 12] [--seed 1] [--port 4010] [--app http://127.0.0.1:3000[/door]]';

/** Reads the command line. @throws Error with one sentence that says what is wrong */
function readFlags() {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '60' },
      departments: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      port: { type: 'string', default: '4010' },
      app: { type: 'string', default: 'http://127.0.0.1:3000' },
    },
  });
  const number = (name: 'members' | 'departments' | 'seed' | 'port', min: number, max: number) => {
    const value = Number(values[name]);
    if (/^\d+$/.test(values[name]) && value >= min && value <= max) return value;
    throw new Error(`--${name} must be a whole number from ${min} to ${max}`);
  };
  const [, appUrl, appPath = ''] = /^(https?:\/\/[^/?#]+)(\/[^?#]*)?$/.exec(values.app) ?? [];
  if (appUrl === undefined)
    throw new Error('--app must be an address like http://127.0.0.1:3000 or http://127.0.0.1:3000/door');
  return {
    members: number('members', 1, 1_000_000),
    departments: number('departments', 0, 100_000),
    seed: number('seed', 0, 2 ** 31),
    port: number('port', 0, 65_535),
    appUrl,
    appPath: toAppPath(appPath),
  };
}

/** What to open, and every line that an app's `.env` needs: people reach it through the workbench. */
function describe(
  { url, corpId, clientId, clientSecret, agentId }: Emulator,
  { appUrl, appPath }: { appUrl: string; appPath: string },
): string {
  const lines = {
    DINGTALK_CORP_ID: corpId,
    DINGTALK_CLIENT_ID: clientId,
    DINGTALK_CLIENT_SECRET: clientSecret,
    DINGTALK_AGENT_ID: agentId,
    DINGTALK_API_URL: url,
    DINGTALK_OAPI_URL: url,
    DINGTALK_LOGIN_URL: url,
    PUBLIC_ORIGIN: url,
    ...(appPath && { BASE_PATH: appPath }),
    SESSION_KEYS: `emulator:${randomBytes(32).toString('hex')}`,
    AVATAR_HOSTS: new URL(url).host,
    // The workbench is a proxy in front of the app.
    TRUSTED_PROXY_HOPS: '1',
  };
  const env = Object.entries(lines).map(([name, value]) => `${name}=${value}`);
  return `DingTalk emulator: ${url}/__emulator/
Workbench, for an app at ${appUrl}${appPath} with these lines in its .env: ${url}/__emulator/workbench/

${env.join('\n')}
`;
}

try {
  const flags = readFlags();
  const emulator = await startEmulator(flags);
  process.stdout.write(describe(emulator, flags));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void emulator.close().then(() => process.exit(0)));
  }
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === 'EADDRINUSE' ? 'this port is taken: choose another with --port' : message.split('\n')[0];
  process.stderr.write(`emulator: ${reason}\n${code?.startsWith('ERR_PARSE_ARGS') ? `${USAGE}\n` : ''}`);
  process.exit(1);
}
