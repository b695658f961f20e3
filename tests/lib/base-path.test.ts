import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** The modules as a build for this path has them. */
async function builtFor(path: string) {
  vi.stubEnv('BASE_PATH', path);
  vi.resetModules();
  const { withBasePath, withoutBasePath } = await import('../../lib/base-path');
  const { createCookies } = await import('../../lib/session/cookie');
  const { cleanTarget } = await import('../../lib/http/request-cleaning');
  const { parseConfig } = await import('../../lib/config');
  return { withBasePath, withoutBasePath, createCookies, cleanTarget, parseConfig };
}

test.each([
  ['/', '/door', '/'],
  ['/?corpid=x', '/door?corpid=x', '/?corpid=x'],
  ['/me', '/door/me', '/me'],
  ['/me?a=/door/b#c', '/door/me?a=/door/b#c', '/me?a=/door/b#c'],
  ['/door', '/door/door', '/door'],
])('%s is %s for the browser, and comes back as %s', async (ours, theirs, back) => {
  const { withBasePath, withoutBasePath } = await builtFor('/door');
  expect(withBasePath(ours)).toBe(theirs);
  expect(withoutBasePath(theirs)).toBe(back);
});

test.each(['/', '/me', '/doors', '/doors/me', '/Door/me', '//door/me', '/doo', ''])(
  '%j is none of ours below /door',
  async (address) => {
    const { withoutBasePath } = await builtFor('/door');
    expect(withoutBasePath(address)).toBeUndefined();
  },
);

test('without a base path every address is as it is', async () => {
  const { withBasePath, withoutBasePath } = await builtFor('');
  for (const address of ['/', '/?x', '/me', '/me?x#y']) {
    expect(withBasePath(address)).toBe(address);
    expect(withoutBasePath(address)).toBe(address);
  }
});

test('cookies are for the host and the whole of it, and told apart by their names', async () => {
  const settings = { publicOrigin: 'https://intranet.example.com', sessionSameSite: 'lax' as const };
  const { createCookies } = await builtFor('/tools/door');
  const cookies = createCookies(settings);
  expect(cookies.nameOf('dingpass')).toBe('__Host-dingpass.tools.door');
  expect(cookies.nameOf('dingpass-flow')).toBe('__Host-dingpass.tools.door-flow');
  // What the recipes take out before an upstream sees it.
  for (const name of ['dingpass-host', 'dingpass-begun']) expect(cookies.nameOf(name)).toBe(`__Host-${name}`);
  expect(cookies.set(cookies.nameOf('dingpass'), 'x', 1)).toContain('Path=/; HttpOnly; Secure');
  // A sibling's is not ours, nor is that of a deployment for the whole origin.
  const header = '__Host-dingpass=theirs; __Host-dingpass.other=theirs; __Host-dingpass.tools.door=ours';
  expect(cookies.valuesOf(header, cookies.nameOf('dingpass'))).toEqual(['ours']);
});

test('an address of the API with a slash too many is found below the base path only', async () => {
  const { cleanTarget } = await builtFor('/door');
  expect(cleanTarget('/door//api/session/')).toBe('/door/api/session');
  expect(cleanTarget('/api/session/')).toBe('/api/session/');
  expect(cleanTarget('/doors/api/session/')).toBe('/doors/api/session/');
});

test('a base path at run time has to be the build’s', async () => {
  const good = {
    DINGTALK_CORP_ID: 'ding0123456789abcdef',
    DINGTALK_CLIENT_ID: 'dingclient0123',
    DINGTALK_CLIENT_SECRET: 'a-client-secret-0123456789',
    PUBLIC_ORIGIN: 'https://door.example.com',
    SESSION_KEYS: `a:${'k'.repeat(40)}`,
  };
  const { parseConfig } = await builtFor('/door');
  expect(parseConfig(good).publicUrl).toBe('https://door.example.com/door');
  expect(parseConfig({ ...good, BASE_PATH: '/door' }).publicOrigin).toBe('https://door.example.com');
  expect(() => parseConfig({ ...good, BASE_PATH: '/other' })).toThrow(
    /BASE_PATH differs from the build's \(\/door\)/,
  );
});
