import { expect, test } from 'vitest';
import { toAppPath } from '../../emulator/app-path';
import { startEmulator } from '../../emulator/server';
import { request, withEmulator } from './dingtalk-calls';

test.each([
  ['', ''],
  ['/', ''],
  ['/door', '/door'],
  ['/door/', '/door'],
  ['/a/b-c_1', '/a/b-c_1'],
])('%j is a path, without a slash at its end: %j', (text, path) => {
  expect(toAppPath(text)).toBe(path);
});

test.each([
  'door',
  '/a//b',
  '/a b',
  '/..',
  '/a/../b',
  '//host',
  '/a?x',
  '/a%2Fb',
  '/__emulator',
  'http://host/door',
])('%j is none', (text) => expect(() => toAppPath(text)).toThrow('not a path such as /door'));

test.each(['/topapi', '/topapi/x', '/gettoken', '/oauth2/auth'])('%s is DingTalk’s', async (text) => {
  expect(() => toAppPath(text)).toThrow('a path of DingTalk');
  await expect(startEmulator({ appPath: text })).rejects.toThrow('a path of DingTalk');
});

test.each([
  [undefined, '/?corpid=$CORPID$', '/'],
  ['/door/', '/door?corpid=$CORPID$', '/door'],
])('the workbench opens an app below %s', async (appPath, homeUrl, home) => {
  await withEmulator({ appUrl: 'http://127.0.0.1:9', appPath }, async ({ url, control }) => {
    const { json } = await request(`${url}/__emulator/workbench/company.json`);
    expect(json).toMatchObject({ homeUrl, otherBrowser: url + home });
    const path = appPath ? '/door' : '';
    expect(control.settings().redirectUris).toContain(`${url}${path}/api/oauth/callback`);
  });
});
