import { expect, test } from 'vitest';
import { eventIcon, eventName, lineText } from '../../../app/(internal)/admin/audit/line-text';
import { messagesIn } from '../../../lib/i18n';
import { AUDIT_EVENTS } from '../../../lib/storage/audit-line';
import type { WrittenLine } from '../../../lib/storage/audit-store';

const line = (more: Partial<WrittenLine>): WrittenLine => ({
  id: 1,
  at: 0,
  event: 'sign-in',
  count: 1,
  ...more,
});
const nameOf = (userId: string) => (userId === 'luo' ? '罗静' : userId);
const said = (more: Partial<WrittenLine>, language: 'zh-CN' | 'en' = 'zh-CN') =>
  `${eventName(line(more), messagesIn(language))}: ${lineText(line(more), messagesIn(language), nameOf)}`;

test.each(['zh-CN', 'en'] as const)('every event has a name of its own and an icon, in %s', (language) => {
  const names = AUDIT_EVENTS.map((event) => eventName(line({ event }), messagesIn(language)));
  expect(new Set(names).size).toBe(AUDIT_EVENTS.length);
  for (const name of names) expect(AUDIT_EVENTS).not.toContain(name);
  for (const event of AUDIT_EVENTS) expect(eventIcon(line({ event })).icon).not.toBe('info');
});

test.each([
  [{ event: 'sign-in', userId: 'a', detail: 'webview dingtalk-mac' }, '登录: macOS · 钉钉'],
  [{ event: 'sign-in', userId: 'a', detail: 'oauth chrome-linux' }, '登录: Chrome · Linux · 浏览器登录'],
  // From before sign-in methods were renamed.
  [{ event: 'sign-in', userId: 'a', detail: 'client dingtalk-mac' }, '登录: macOS · 钉钉'],
  [{ event: 'sign-in', userId: 'a', detail: 'browser chrome-linux' }, '登录: Chrome · Linux · 浏览器登录'],
  [
    { event: 'sign-in-refused', reason: 'not-member', detail: 'webview' },
    '拒绝登录: 不是本公司成员 · 钉钉内登录',
  ],
  [{ event: 'session-ended', userId: 'a', by: 'luo', reason: 'by-admin' }, '强制下线: 由 罗静 操作'],
  [{ event: 'person-ended', userId: 'a', by: 'event', reason: 'left' }, '离职下线: 由钉钉事件触发'],
  [{ event: 'session-ended', userId: 'a', by: 'a', reason: 'by-owner' }, '设备下线: 本人在另一台设备上操作'],
  [{ event: 'sign-out', userId: 'a', by: 'a', reason: 'signed-out' }, '退出登录: '],
  [
    { event: 'access-refused', userId: 'a', reason: 'not-permitted', detail: '/admin/audit' },
    '拒绝访问: 打开 /admin/audit',
  ],
  [
    { event: 'access-refused', userId: 'a', reason: 'not-permitted', detail: '/f/x · /f/* (12)' },
    '拒绝访问: 打开 /f/x · 规则 /f/*（第 12 行）',
  ],
  [{ event: 'key-used', detail: 'a' }, '密钥仍在使用: 密钥 a'],
  [{ event: 'export', userId: 'luo', detail: 'directory' }, '导出: 通讯录'],
] as [Partial<WrittenLine>, string][])('%j', (more, words) => {
  expect(said(more)).toBe(words);
});

test('a word that is none of ours is shown as it is, and nothing of a language stands for it', () => {
  for (const word of ['constructor', '__proto__', 'toString', 'unheard-of', '<b>', '']) {
    expect(said({ event: 'session-refused', reason: word })).toBe(`登录状态无效: ${word}`);
    expect(said({ event: 'export', detail: word })).toBe(`导出: ${word}`);
    expect(said({ event: 'session-ended', userId: 'a', by: word, reason: 'by-admin' }, 'en')).toBe(
      `Signed out by admin: by ${word}`,
    );
  }
  expect(said({ event: 'sign-in', detail: 'elsewhere' })).toBe('登录: elsewhere');
});
