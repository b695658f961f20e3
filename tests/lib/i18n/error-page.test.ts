import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, expect, test, vi } from 'vitest';
import ErrorPage from '../../../app/error';
import GlobalErrorPage from '../../../app/global-error';

/** What a person sees of a page that failed in the browser, and where not even the layout could be rendered. */

afterEach(() => vi.unstubAllGlobals());

function pageIn(language: string, digest?: string): string {
  vi.stubGlobal('document', { documentElement: { lang: language } });
  const error = Object.assign(new Error('the secret cause'), digest === undefined ? {} : { digest });
  return renderToStaticMarkup(createElement(ErrorPage, { error }));
}

test.each([
  ['zh-CN', '服务内部出错了。', '请求编号', '重新加载'],
  ['en', 'Something went wrong inside the service.', 'Request ID', 'Reload'],
])(
  'in %s: what happened, the id that the log has, and the way on, but not the cause',
  (language, ...texts) => {
    const page = pageIn(language, '1234567890');
    for (const text of [...texts, '<code>1234567890</code>']) expect(page).toContain(text);
    expect(page).toMatch(/role="alert"[\s\S]*<button type="button"/);
    expect(page).not.toContain('secret');
  },
);

test('an error of the browser has no id, and none is shown', () => {
  for (const language of ['zh-CN', 'en']) expect(pageIn(language)).not.toMatch(/<code>|请求编号|Request ID/);
});

test('without a layout both languages stand there, each marked as such, with a link to the page itself', () => {
  const page = renderToStaticMarkup(createElement(GlobalErrorPage));
  expect(page).toMatch(/<main lang="zh-CN"><h1[^>]*>出错了<\/h1>.*<a href="">重新加载<\/a>/);
  expect(page).toMatch(/<main lang="en"><h1[^>]*>Something went wrong<\/h1>.*<a href="">Reload<\/a>/);
  expect(page).not.toMatch(/<link|<script/);
});
