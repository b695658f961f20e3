import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startWikiSite } from '../../emulator/demo/wiki-site';
import { askProxy, HOST, type ProxiedGate, SIBLING } from './proxied-gate';
import { type RealUpstream, radicaleProgram, startRadicale } from './real-upstreams';
import { type ProxyName, startReverseProxy } from './reverse-proxies';

/** Web applications that others wrote, behind a real proxy: that they know who it is, and nobody else. */
export function describeRealUpstreams(available: readonly ProxyName[], scene: () => ProxiedGate): void {
  const isRadicaleRun = radicaleProgram() !== undefined && available.includes('nginx');
  if (!isRadicaleRun) test('not run: Radicale behind nginx', () => expect(isRadicaleRun).toBe(false));
  if (available.length === 0) return;
  describe('upstreams that others wrote, behind a real proxy', () => {
    const started: { close(): void }[] = [];
    afterAll(() => {
      for (const { close } of started) close();
    });
    const behindProxy = async ({ port, close }: RealUpstream, edit?: (recipe: string) => string) => {
      const proxy = await startReverseProxy(available[0]!, {
        host: HOST,
        certificate: scene().authority.issue({ host: HOST }),
        gatePort: scene().gatePort,
        upstreamPort: port,
        edit,
      });
      started.push({ close }, proxy);
      return { ...scene(), ...proxy };
    };

    test('TiddlyWiki knows the member by name, and nobody else', async () => {
      const {
        userid,
        cookies: { member: cookie },
      } = scene();
      const folder = mkdtempSync(join(tmpdir(), 'tiddlywiki-'));
      const site = await startWikiSite(folder, { site: 'wiki', title: 'Start', text: 'first' });
      const wiki = await behindProxy({ port: Number(new URL(site.url).port), close: site.close });
      const status = await askProxy(wiki, '/status', { headers: { cookie, 'remote-user': 'forged' } });
      expect(JSON.parse(status.text)).toMatchObject({ username: userid, anonymous: false });
      const own = { cookie, origin: `https://${HOST}`, 'x-requested-with': 'TiddlyWiki' };
      const path = '/recipes/default/tiddlers/Gate';
      const body = Buffer.from(JSON.stringify({ title: 'Gate', text: 'written' }));
      expect((await askProxy(wiki, path, { method: 'PUT', headers: own, body })).status).toBe(204);
      const sibling = { ...own, origin: `https://${SIBLING}` };
      expect((await askProxy(wiki, path, { method: 'PUT', headers: sibling, body })).status).toBe(403);
      expect((await askProxy(wiki, path, { headers: { accept: 'application/json' } })).status).toBe(401);
      expect((await askProxy(wiki, path, { headers: { cookie } })).text).toContain('written');
    });

    if (!isRadicaleRun) return;
    test('Radicale gives a member their own calendars', async () => {
      const {
        userid,
        cookies: { member: cookie },
      } = scene();
      const header = 'proxy_set_header Remote-User $dingpass_user;';
      const radicale = await behindProxy(await startRadicale(), (recipe) =>
        recipe.replace(header, `${header} proxy_set_header X-Remote-User $dingpass_user;`),
      );
      const headers = { cookie, 'x-remote-user': 'forged', 'content-type': 'application/xml' };
      const body = Buffer.from('<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>');
      const { status, text } = await askProxy(radicale, '/', { method: 'PROPFIND', headers, body });
      expect([status, text.includes(`/${userid}/`), text.includes('forged')]).toEqual([207, true, false]);
      const stranger = { 'x-remote-user': userid };
      const refused = await askProxy(radicale, '/', { method: 'PROPFIND', headers: stranger, body });
      expect(refused.status).toBe(401);
    });
  });
}
