import { expect, test } from 'vitest';
import { timeText, utcText } from '../../../lib/i18n/time-text';

const at = (text: string) => Date.parse(`${text}Z`);
const NOW = at('2026-11-27T06:30:00');

test.each([
  ['2026-11-27T06:12:08', '今天 14:12', 'today 14:12'],
  ['2026-11-26T16:00:00', '今天 00:00', 'today 00:00'],
  ['2026-11-26T15:59:59', '昨天 23:59', 'yesterday 23:59'],
  ['2026-11-27T16:00:00', '明天 00:00', 'tomorrow 00:00'],
  ['2026-11-24T01:00:03', '11月24日 09:00', '24 Nov 09:00'],
  ['2025-12-31T15:59:00', '2025年12月31日 23:59', '31 Dec 2025 23:59'],
  ['2026-12-03T01:00:00', '12月3日 09:00', '3 Dec 09:00'],
])('%s UTC is %s in Shanghai', (utc, chinese, english) => {
  const reader = { timeZone: 'Asia/Shanghai', now: NOW };
  expect(timeText(at(utc), { ...reader, language: 'zh-CN' })).toBe(chinese);
  expect(timeText(at(utc), { ...reader, language: 'en' })).toBe(english);
});

test('the same moment is of another day elsewhere', () => {
  const reader = { language: 'zh-CN', timeZone: 'America/New_York', now: NOW } as const;
  expect(timeText(at('2026-11-27T04:59:00'), reader)).toBe('昨天 23:59');
  expect(utcText(at('2026-11-27T04:59:07'))).toBe('2026-11-27 04:59:07 UTC');
});
