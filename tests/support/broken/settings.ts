import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrokenSetUp, gateSettings, newFolder, setting } from './set-up';

/** Settings that are wrong by themselves. */
export const settings: BrokenSetUp[] = [
  setting('a required setting is missing', { DINGTALK_CLIENT_SECRET: '' }, 'settings: settings-wrong'),
  setting('two settings contradict each other', { SESSION_SEAL_KEY: '9' }, 'settings: settings-wrong'),
  setting(
    'a key that can be guessed',
    { SESSION_KEYS: `1:${'0123456789'.repeat(5)}` },
    'session-keys: key-guessable',
  ),
  setting('the AgentId as Client ID', { DINGTALK_CLIENT_ID: '4100200300' }, 'ids: ids-confused'),
  setting('the CorpId as Client ID', { DINGTALK_CLIENT_ID: 'dingemulator0001corp' }, 'ids: ids-confused'),
  setting(
    'the gate is open to other machines and knows no proxy',
    { ...gateSettings(), GATE_LISTEN: '0.0.0.0:4180' },
    'gate-proxies: gate-unsigned',
  ),
  setting(
    'a secret of proxies, and none of their addresses',
    { ...gateSettings(), GATE_LISTEN: '0.0.0.0:4180', GATE_PROXY_SECRET: 'a-secret-of-proxies-'.repeat(2) },
    'gate-proxies: gate-unsigned',
  ),
  ...['0.0.0.0/0', '10.0.0.0/8,::/0', '128.0.0.0/1'].map((ranges) =>
    setting(
      `the gate takes ${ranges} for proxies`,
      { ...gateSettings(), GATE_LISTEN: '0.0.0.0:4180', GATE_TRUSTED_PROXIES: ranges },
      'gate-proxies: gate-proxies-wide',
    ),
  ),
  setting(
    'a protected host, and no file of rules',
    { GATE_LISTEN: '127.0.0.1:4180', GATE_HOSTS: 'wiki.example.com' },
    'gate-rules: gate-host-unruled',
  ),
  setting(
    'one of the protected hosts has no rule',
    { ...gateSettings(), GATE_HOSTS: 'wiki.example.com,*.apps.example.com' },
    'gate-rules: gate-host-unruled',
  ),
  setting(
    'a rule names a host that is not protected',
    gateSettings(`[{ "at": "wiki.example.com/*", "for": ["everybody"] },
                   { "at": "wikki.example.com/*", "for": ["everybody"] }]`),
    'gate-rules: gate-host-unknown',
  ),
  setting(
    'the app of a protected host is not known to DingTalk',
    { ...gateSettings(), GATE_APPS: 'wiki.example.com=dingnoapp0001:a-secret-of-a-host-app' },
    'gate-apps: gate-app-refused',
  ),
  ...(
    [
      ['cn', 'DINGTALK_LOGIN_URL', 'https://login.dingtalk.io'],
      ['intl', 'DINGTALK_API_URL', 'https://api.dingtalk.com'],
      ['intl', 'DINGTALK_OAPI_URL', 'https://oapi.dingtalk.com'],
    ] as const
  ).map(([region, name, url]) =>
    setting(
      `${name} of the other region than ${region}`,
      { DINGTALK_REGION: region, [name]: url },
      'hosts: region-mixed',
    ),
  ),
  {
    name: 'a file of access rules with an error',
    blamed: 'access-file: access-file-wrong',
    make() {
      const path = join(newFolder(), 'access.jsonc');
      writeFileSync(path, '[{ "at": "/me" "for": [] }]');
      return { env: { ACCESS_FILE: path } };
    },
  },
  {
    name: 'a brand file with an error',
    blamed: 'brand-file: brand-file-wrong',
    make() {
      const path = join(newFolder(), 'brand.json');
      writeFileSync(path, '{ "colour": "blue" }');
      return { env: { BRAND_FILE: path } };
    },
  },
];
