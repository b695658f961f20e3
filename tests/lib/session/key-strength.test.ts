import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { isGuessable } from '@/lib/session/key-strength';

test.each([
  '0'.repeat(32),
  'ab'.repeat(20),
  'password'.repeat(4),
  '0123456789abcdef0123456789abcdef',
  'abcdefghijklmnopqrstuvwxyz012345',
  '98765432109876543210987654321098',
  'complex_password_at_least_32_characters_long',
  'ChangeMe-7f3a90c2b1d84e56aa01993c',
])('%s is worth a warning', (secret) => {
  expect(isGuessable(secret)).toBe(true);
});

test('what a generator makes is not: a thousand of each kind', () => {
  for (let n = 0; n < 1000; n++) {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(isGuessable(randomBytes(32).toString(encoding))).toBe(false);
      expect(isGuessable(randomBytes(encoding === 'hex' ? 16 : 24).toString(encoding))).toBe(false);
    }
    expect(isGuessable(randomUUID())).toBe(false);
  }
});
