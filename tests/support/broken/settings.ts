import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrokenSetUp, newFolder, setting } from './set-up';

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
    { GATE_LISTEN: '0.0.0.0:4180', GATE_HOSTS: 'wiki.example.com' },
    'gate-proxies: gate-unsigned',
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
