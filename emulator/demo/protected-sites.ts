import { join } from 'node:path';
import type { ProtectedHost } from '../platform/apps';
import { type HostProxy, startHostProxy } from './host-proxy';
import { anyFreePort } from './machines';
import { startWikiSite, type WikiSite } from './wiki-site';

/** Two wikis on hosts of their own, each behind a proxy that asks the gate. */
export interface ProtectedSites {
  hosts: ProtectedHost[];
  /** What the app has to be told. */
  settings: Record<string, string>;
  close(): void;
}

const WIKI_APP = {
  clientId: 'dingemulatorwikikey01',
  clientSecret: 'emulator-wiki-secret-that-opens-nothing-0001',
};

const WIKI = {
  host: 'wiki.localhost',
  name: '知识库',
  app: WIKI_APP,
  page: {
    site: '知识库 Wiki',
    title: '欢迎 Welcome',
    text: `这是 ~TiddlyWiki，一个别人写的网站。它不认识钉钉，只看请求头 \`Remote-User\`：您的 userid 是 <$text text={{$:/status/UserName}}/>。
此主机有自己的钉钉应用，在钉钉里就地免登。全体员工都可以打开。

This is ~TiddlyWiki, a site that others wrote. It knows nothing of DingTalk; it reads the header \`Remote-User\`. This host has a DingTalk app of its own and signs people in at its own address. Everybody may open it.`,
  },
};

const HANDBOOK = {
  host: 'handbook.localhost',
  name: '部门手册',
  app: undefined,
  page: {
    site: '部门手册 Handbook',
    title: '手册 Handbook',
    text: `这个主机没有自己的钉钉应用：打开时经过主站登录，再凭一次性凭据返回，无需点击。
按访问规则，只有一个部门的员工可以打开。您的 userid 是 <$text text={{$:/status/UserName}}/>。

This host has no DingTalk app of its own: people sign in on the main origin and come back with a one-time ticket, without a tap. By its access rule, it is for one department.`,
  },
};

/** @param dataDir where the wikis keep their pages */
export async function startProtectedSites(dataDir: string): Promise<ProtectedSites> {
  const gatePort = await anyFreePort();
  const gateUrl = `http://127.0.0.1:${gatePort}`;
  const started: { site: WikiSite; proxy: HostProxy }[] = [];
  const hosts: ProtectedHost[] = [];
  for (const { page, ...host } of [WIKI, HANDBOOK]) {
    const site = await startWikiSite(join(dataDir, host.host), page);
    const proxy = await startHostProxy({ gateUrl, siteUrl: site.url });
    started.push({ site, proxy });
    hosts.push({ ...host, url: proxy.url });
  }
  return {
    hosts,
    settings: {
      GATE_LISTEN: `127.0.0.1:${gatePort}`,
      GATE_HOSTS: hosts.map(({ host }) => host).join(','),
      GATE_APPS: `${WIKI.host}=${WIKI_APP.clientId}:${WIKI_APP.clientSecret}`,
    },
    close() {
      for (const { site, proxy } of started) {
        proxy.close();
        site.close();
      }
    },
  };
}
