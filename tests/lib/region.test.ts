import { expect, test } from 'vitest';
import { messagesIn } from '../../lib/i18n';
import { inRegion } from '../../lib/region';

test.each(['zh-CN', 'en'] as const)('every console in the remedies in %s is the region’s own', (language) => {
  const { problems } = messagesIn(language);
  const remedies = Object.values(problems).map(({ remedy }) => remedy);
  expect(remedies.filter((text) => text.includes('dingtalk.com')).length).toBeGreaterThan(5);
  for (const text of remedies) {
    expect(inRegion(text, 'cn')).toBe(text);
    expect(inRegion(text, 'intl')).not.toContain('dingtalk.com');
  }
});
