import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Control } from '../control/control';
import type { Platform } from '../platform/platform';
import { type AppProxy, createAppProxy } from './app-proxy';
import { sendAsset } from './assets';
import { findLines } from './log-lines';
import { isFromOtherOrigin, sendMoved } from './moved';
import { sendNotice } from './notice';
import { hostOf, otherName } from './other-browser';
import { findPeople } from './people';
import { handleRulesFile } from './rules-file';

/** The app's home as an administrator enters it in DingTalk's console; the workbench fills in $CORPID$. */
const homeOf = (appPath: string) => `${appPath || '/'}?corpid=$CORPID$`;

const prefix = '/__emulator/workbench/';

/** DingTalk's workbench, and the app behind it, on the emulator's origin. */
export interface Workbench {
  handleRequest(req: IncomingMessage, res: ServerResponse): void | Promise<void>;
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** What the workbench is made of. */
export interface WorkbenchOptions {
  /** Where the app listens; undefined when the emulator runs on its own. */
  appUrl: string | undefined;
  /** The app's origin as browsers see it. With it the emulator's other loopback name is a browser without cookies. */
  appOrigin: string | undefined;
  /** Below which path the app's pages are, such as `/door`; empty for all of its origin. */
  appPath: string;
  appLog: (() => readonly string[]) | undefined;
  /** The app's file of access rules; undefined: it has none. */
  rulesFile: string | undefined;
  platform: Platform;
  control: Control;
}

/** The workbench's page with its webviews, and the way to the app for every path that is not the emulator's. */
export function createWorkbench(options: WorkbenchOptions): Workbench {
  const main = options.appUrl === undefined ? undefined : createAppProxy(options.appUrl);
  const proxies = new Map(
    options.platform.protectedHosts.flatMap(({ host, url }) =>
      url === undefined ? [] : [[host, createAppProxy(url)] as const],
    ),
  );
  const appOf = (req: IncomingMessage) => proxies.get(req.headers.host ?? '') ?? main;
  return {
    handleRequest(req, res) {
      const app = appOf(req);
      // Not `new URL`: it throws on a request target such as `//`, which is the app's to refuse.
      const [path = '/', query = ''] = (req.url ?? '/').split('?', 2);
      if (path.startsWith(prefix)) {
        return sendPage(req, res, {
          name: path.slice(prefix.length),
          query: new URLSearchParams(query),
          app,
          ...options,
        });
      }
      if (/^\/__emulator(\/|\/workbench)?$/.test(path)) {
        res.writeHead(302, { location: query === '' ? prefix : `${prefix}?${query}` }).end();
        return;
      }
      if (proxies.size > 0 && isFromOtherOrigin(req)) return sendMoved(res);
      return app === undefined ? sendNotice(req, res, 'no-app') : app.passRequest(req, res);
    },
    handleUpgrade(req, socket, head) {
      const app = appOf(req);
      if (app === undefined) socket.destroy();
      else void app.passUpgrade(req, socket as Socket, head);
    },
  };
}

function sendPage(
  req: IncomingMessage,
  res: ServerResponse,
  page: WorkbenchOptions & { name: string; query: URLSearchParams; app: AppProxy | undefined },
): void | Promise<void> {
  const { name, query, app, appLog, rulesFile } = page;
  if (name === 'company.json') {
    return sendJson(res, {
      corpId: page.platform.app.corpId,
      corpName: page.platform.company.corpName,
      clientId: page.platform.app.clientId,
      homeUrl: homeOf(page.appPath),
      mainHost: page.appOrigin === undefined ? hostOf(req) : new URL(page.appOrigin).host,
      protectedHosts: page.platform.protectedHosts.map(({ host, name, app: own }) => ({
        host,
        name,
        hasApp: own !== undefined,
      })),
      hasApp: app !== undefined,
      hasLog: appLog !== undefined,
      hasRules: rulesFile !== undefined,
      otherBrowser:
        page.appOrigin === undefined
          ? `http://${hostOf(req)}${page.appPath || '/'}`
          : `http://${otherName(hostOf(req))}${prefix}other-browser`,
    });
  }
  if (name === 'people.json') return sendJson(res, findPeople(page.control.people(), query));
  if (name === 'log.json') return sendJson(res, { lines: findLines(appLog?.() ?? [], query.get('q') ?? '') });
  if (name === 'rules.jsonc' && rulesFile !== undefined) return handleRulesFile(req, res, rulesFile);
  if (name === 'other-browser') return openOtherBrowser(res, app, page.appPath);
  if (name === 'client') return becomeClient(req, res, page);
  if (name === 'clear-data') return clearData(req, res, app);
  return sendAsset(res, name, page.platform.protectedHosts.length > 0 ? page.platform.hosts : []);
}

/** A page cannot choose its own user agent and language, so the proxy says them, from the webview's first request on. */
function becomeClient(
  req: IncomingMessage,
  res: ServerResponse,
  { query, app }: { query: URLSearchParams; app: AppProxy | undefined },
): void {
  const userAgent = query.get('userAgent') ?? '';
  const language = query.get('language') ?? 'zh-CN';
  if (isForeign(req) || !/^[\x20-\x7e]{1,512}$/.test(userAgent) || !/^[a-zA-Z-]{2,35}$/.test(language)) {
    res.writeHead(400).end();
    return;
  }
  app?.becomeClient(hostOf(req), { userAgent, language });
  res.writeHead(204).end();
}

/** The app in a browser that has just been bought: what an earlier visit left in it is forgotten first. */
function openOtherBrowser(res: ServerResponse, app: AppProxy | undefined, appPath: string): void {
  const forgotten = { 'set-cookie': app?.expiredCookies() ?? [], 'clear-site-data': '"storage"' };
  res.writeHead(302, { location: appPath || '/', 'cache-control': 'no-store', ...forgotten }).end();
}

function isForeign(req: IncomingMessage): boolean {
  return req.method !== 'POST' || req.headers['sec-fetch-site'] === 'cross-site';
}

/** Empties the webview: HttpOnly cookies cannot be deleted by the page, so the answer's headers do it. */
function clearData(req: IncomingMessage, res: ServerResponse, app: AppProxy | undefined): void {
  if (isForeign(req)) {
    res.writeHead(405).end();
    return;
  }
  // Not `Clear-Site-Data: "cookies"`: cookies know no ports, so it would sign a developer out of everything on localhost.
  res.writeHead(204, { 'set-cookie': app?.expiredCookies() ?? [], 'clear-site-data': '"storage"' }).end();
}

function sendJson(res: ServerResponse, body: unknown): void {
  res.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}
