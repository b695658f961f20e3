import { randomBytes } from 'node:crypto';
import type { Emulator, EmulatorOptions } from '../server';

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
    // Without Stream the app would get no events: an employee dismissed in the workbench would stay signed in.
    DINGTALK_STREAM: 'on',
    PUBLIC_ORIGIN: origin,
    SESSION_KEYS: `demo:${randomBytes(32).toString('hex')}`,
    SESSION_SEAL_KEY: 'demo',
    SHOW_OPERATOR_HINTS: 'true',
    SHOW_EXAMPLES: 'on',
    AVATAR_HOSTS: `${host},${host.replace('localhost', '127.0.0.1')}`,
    TRUSTED_PROXY_HOPS: '1',
  };
}

/**
 * Rules to be edited in the workbench: those of the app change nothing until the slashes are taken away. With the gate, the
 * wiki is for all members, the handbook for one department.
 */
export function exampleRules(
  { company }: Pick<Emulator, 'company'>,
  { hasGate = false }: { hasGate?: boolean } = {},
): string {
  const department = company.departments.find(({ id }) => id !== 1)?.name ?? '财务部';
  const sites = hasGate
    ? `  { "at": "wiki.localhost/*", "for": ["everybody"], "tell": ["user", "name", "groups"] },
  { "at": "handbook.localhost/*", "for": ["department:${department}"] },
`
    : '';
  return `[
${sites}  // { "at": "/me", "for": ["department:${department}"] },
  { "at": "/*", "for": ["everybody"] }
]
`;
}

/**
 * Every other setting, as if it were not set: neither the shell's nor a `.env` of production may reach a demo.
 *
 * @param example `.env.example`, which names them all
 */
export function nothingElse(example: string): Record<string, string> {
  const names = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name);
  return {
    ...Object.fromEntries(names.map((name) => [name, ''])),
    // Next takes its .env files for read.
    __NEXT_PROCESSED_ENV: 'true',
  };
}

/** The data folder of an invented company: another company, or another demo beside it, has another one. */
export function demoFolder(
  { seed, members, departments }: Pick<EmulatorOptions, 'seed' | 'members' | 'departments'>,
  port: number,
): string {
  return ['demo', seed ?? 1, members ?? 60, departments ?? 'default', port].join('-');
}
