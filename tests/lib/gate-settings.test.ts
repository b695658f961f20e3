import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { ConfigError, parseConfig, parseGateKeys } from '../../lib/config';
import { gateRotationSteps, newAssertionKey } from '../../lib/entry/gate-keys';

const good: Record<string, string> = {
  DINGTALK_CORP_ID: 'ding0123456789abcdef',
  DINGTALK_CLIENT_ID: 'dingclient0123',
  DINGTALK_CLIENT_SECRET: 'canary-client-secret-0123456789',
  PUBLIC_ORIGIN: 'https://door.example.com',
  SESSION_KEYS: 'a:canary-session-key-of-more-than-32-chars',
  GATE_LISTEN: '127.0.0.1:4180',
  GATE_HOSTS: 'wiki.example.com,*.apps.example.com',
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig({ ...good, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const der = (curve: string) =>
  generateKeyPairSync('ec', { namedCurve: curve })
    .privateKey.export({ format: 'der', type: 'pkcs8' })
    .toString('base64url');
const publicOnly = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ format: 'der', type: 'spki' })
  .toString('base64url');

test('settings of a gate, taken', () => {
  const key = newAssertionKey();
  const { gate } = parseConfig({
    ...good,
    GATE_LISTEN: '[::1]:4180',
    GATE_TRUSTED_PROXIES: '10.1.2.3, 10.0.0.0/8,fd00::/8',
    GATE_APPS: 'Wiki.Example.com=dinga:secret-a, b.apps.example.com=dingb:secret:b',
    GATE_KEYS: `2:${key},1:${newAssertionKey()}`,
  });
  expect(gate.listen).toEqual({ host: '::1', port: 4180 });
  expect(gate.trustedProxies).toHaveLength(3);
  expect(gate.apps).toEqual(
    new Map([
      ['wiki.example.com', { clientId: 'dinga', clientSecret: 'secret-a' }],
      ['b.apps.example.com', { clientId: 'dingb', clientSecret: 'secret:b' }],
    ]),
  );
  expect([...gate.keys.keys()]).toEqual(['2', '1']);
  expect(createPrivateKey(gate.keys.get('2')!).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
});

test.each([
  ['GATE_LISTEN', '4180'],
  ['GATE_LISTEN', '127.0.0.1:65536'],
  ['GATE_LISTEN', 'http://127.0.0.1:4180'],
  ['GATE_LISTEN', ':4180'],
  ['GATE_HOSTS', 'https://wiki.example.com'],
  ['GATE_HOSTS', 'wiki.example.com:443'],
  ['GATE_HOSTS', 'wiki.example.com/path'],
  ['GATE_HOSTS', 'wiki.example.com.'],
  ['GATE_HOSTS', 'wiki.example.com,WIKI.example.com'],
  ['GATE_HOSTS', '*'],
  ['GATE_HOSTS', '*.com'],
  ['GATE_HOSTS', 'a.*.example.com'],
  ['GATE_HOSTS', '*.*.example.com'],
  ['GATE_HOSTS', 'wiki_1.example.com'],
  ['GATE_HOSTS', 'door.example.com'],
  ['GATE_HOSTS', '*.example.com'],
  ['GATE_TRUSTED_PROXIES', '10.0.0'],
  ['GATE_TRUSTED_PROXIES', '10/8'],
  ['GATE_TRUSTED_PROXIES', '010.0.0.1'],
  ['GATE_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['GATE_TRUSTED_PROXIES', '10.0.0.0/8/8'],
  ['GATE_TRUSTED_PROXIES', 'proxy.internal'],
  ['GATE_PROXY_SECRET', 'short'],
  ['GATE_PROXY_SECRET', `with blanks ${'x'.repeat(32)}`],
  ['GATE_APPS', 'wiki.example.com=dinga'],
  ['GATE_APPS', 'wiki.example.com=dinga:s,wiki.example.com=dingb:s'],
  ['GATE_APPS', '*.apps.example.com=dinga:s'],
  ['GATE_APPS', 'other.example.com=dinga:s'],
  ['GATE_APPS', 'wiki.example.com=dingclient0123:s'],
  ['GATE_APPS', 'wiki.example.com=dinga:s,a.apps.example.com=dinga:s'],
  ['GATE_USER', 'mail'],
  ['GATE_HEADERS', 'x-forwarded'],
  ['GATE_KEYS', newAssertionKey()],
  ['GATE_KEYS', `1:${newAssertionKey()},1:${newAssertionKey()}`],
  ['GATE_KEYS', `1:${der('P-384')}`],
  ['GATE_KEYS', `1:${der('secp256k1')}`],
  ['GATE_KEYS', `1:${publicOnly}`],
  ['GATE_KEYS', '1:canary'],
])('%s=%s is named at the start, without a secret of it', (name, value) => {
  const problems = problemsOf({ [name]: value });
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
  expect(problems[0]).toMatch(/[\u4e00-\u9fff]/);
  if (/KEYS|SECRET|APPS/.test(name)) expect(problems[0]).not.toContain(value);
});

test.each([
  [{ GATE_LISTEN: '' }, ['GATE_LISTEN']],
  [{ GATE_HOSTS: '' }, ['GATE_HOSTS']],
  [
    { GATE_LISTEN: 'x', GATE_HOSTS: '*', GATE_KEYS: 'x', GATE_USER: 'x' },
    ['GATE_LISTEN', 'GATE_HOSTS', 'GATE_USER', 'GATE_KEYS'],
  ],
])('all that is wrong is named at once: %j', (env, names) => {
  expect(problemsOf(env).map((problem) => problem.split(' ')[0])).toEqual(names);
});

test('a key of `npm run keys -- --gate` is taken, alone or beside others, and no key that is there is told', () => {
  const [first, second] = [newAssertionKey(), newAssertionKey()];
  expect(first).not.toBe(second);
  expect([...parseGateKeys({ GATE_KEYS: `1:${first},2:${second}` }).keys()]).toEqual(['1', '2']);
  expect(parseGateKeys({}).size).toBe(0);
  const steps = gateRotationSteps(`2:${second}`, ['1']);
  expect(steps).toContain(`GATE_KEYS=<1>,2:${second}`);
  expect(steps).toContain(`GATE_KEYS=2:${second},<1>`);
  expect(steps).not.toContain(first);
  expect(gateRotationSteps(`1:${first}`, [])).toContain(`GATE_KEYS=1:${first}\n`);
  expect(() => parseGateKeys({ GATE_KEYS: '1:canary' })).toThrow(ConfigError);
});
