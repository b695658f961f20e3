import { expect, test } from 'vitest';
import { describeFinding } from '../../lib/doctor/description';
import { doctorFaults, type Fault } from '../../lib/doctor/faults';
import { type Language, messagesIn } from '../../lib/i18n';
import { inRegion, REGIONS, regionOf } from '../../lib/region';

const LANGUAGES: Language[] = ['zh-CN', 'en'];

test.each(LANGUAGES)('every console in the remedies in %s is the region’s own', (language) => {
  const { problems } = messagesIn(language);
  const remedies = Object.values(problems).map(({ remedy }) => remedy);
  expect(remedies.filter((text) => text.includes('dingtalk.com')).length).toBeGreaterThan(5);
  for (const text of remedies) {
    expect(inRegion(text, 'cn')).toBe(text);
    expect(inRegion(text, 'intl')).not.toContain('dingtalk.com');
  }
});

/** Everything that the doctor can say: each fault, and each line for a person to look at. */
function saidBy(language: Language, region: 'cn' | 'intl'): string {
  const { doctor, problems } = messagesIn(language);
  const about = { id: 'x', circle: 'console', assumed: false, values: {} } as const;
  const faults = [...Object.keys(doctorFaults), ...Object.keys(problems)].map(
    (fault) => ({ ...about, textId: 'token', outcome: 'bad', fault: fault as Fault }) as const,
  );
  const lines = Object.keys(doctor.checks).map(
    (textId) => ({ ...about, textId, outcome: 'manual' }) as const,
  );
  return JSON.stringify([...faults, ...lines].map((one) => describeFinding(one, language, region)));
}

test.each(LANGUAGES)('what the doctor says in %s names the hosts of the region', (language) => {
  expect(saidBy(language, 'cn')).not.toContain('dingtalk.io');
  expect(saidBy(language, 'cn')).toContain('open-dev.dingtalk.com');
  expect(saidBy(language, 'intl')).not.toContain('dingtalk.com');
  expect(saidBy(language, 'intl')).toContain('open-dev.dingtalk.io');
});

test('the region of an address', () => {
  for (const region of ['cn', 'intl'] as const)
    for (const url of [REGIONS[region].apiUrl, REGIONS[region].oapiUrl, `${REGIONS[region].loginUrl}/`])
      expect(regionOf(url)).toBe(region);
  for (const url of ['http://127.0.0.1:4010', 'https://api.dingtalk.com.example', 'https://dingtalk.io'])
    expect(regionOf(url)).toBeUndefined();
});
