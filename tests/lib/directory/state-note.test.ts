import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { StateNote } from '../../../app/(internal)/directory/state-note';
import type { ShownState } from '../../../lib/directory/mirror-state';

beforeAll(() => {
  const env = {
    ...{ DINGTALK_CORP_ID: 'ding1', DINGTALK_CLIENT_ID: 'client', DINGTALK_CLIENT_SECRET: 'secret' },
    ...{ PUBLIC_ORIGIN: 'http://127.0.0.1:3000', SESSION_KEYS: `a:${'k'.repeat(40)}` },
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

const READ: ShownState = {
  state: 'complete',
  asOf: Date.UTC(2026, 10, 27),
  ageSeconds: 60,
  completeAsOf: Date.UTC(2026, 10, 27),
  missing: [],
};

const noteOf = (state: ShownState, place: 'above' | 'below', language: 'zh-CN' | 'en' = 'zh-CN') =>
  renderToStaticMarkup(createElement(StateNote, { state, language, place }));

test('a warning stands above what it is about, the age of complete data below', () => {
  expect(noteOf(READ, 'above')).toBe('');
  expect(noteOf(READ, 'below')).toContain('<time');
  for (const state of ['failed', 'partial'] as const) {
    expect(noteOf({ ...READ, state }, 'above')).toContain('role="status"');
    expect(noteOf({ ...READ, state }, 'below')).toBe('');
  }
});

test('no words about a time of reading when nothing was ever read', () => {
  const never: ShownState = {
    ...READ,
    state: 'failed',
    asOf: undefined,
    ageSeconds: undefined,
    completeAsOf: undefined,
  };
  expect(noteOf(never, 'above')).not.toContain('读取于');
  expect(noteOf(never, 'above', 'en')).not.toContain('Directory read');
});
