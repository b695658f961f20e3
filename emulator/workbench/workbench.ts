import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WorkbenchPlatform } from '../server';
import { type AppProxy, createAppProxy } from './app-proxy';
import { sendAsset } from './assets';
import { sendNotice } from './notice';
import { findPeople } from './people';

/** The app's home as an administrator enters it in DingTalk's console; the workbench fills in $CORPID$. */
const homeUrl = '/?corpid=$CORPID$';

const prefix = '/__emulator/workbench/';

/** DingTalk's workbench, and the app behind it, on the emulator's origin. */
export interface Workbench {
  handleRequest(req: IncomingMessage, res: ServerResponse): void | Promise<void>;
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/**
 * The workbench's page with its webviews, and the way to the app for every path that is not the emulator's.
 *
 * @param options.appUrl where the app listens; undefined when the emulator runs on its own
 */
export function createWorkbench(options: {
  appUrl: string | undefined;
  platform: WorkbenchPlatform;
}): Workbench {
  const app = options.appUrl === undefined ? undefined : createAppProxy(options.appUrl);
  return {
    handleRequest(req, res) {
      // Not `new URL`: it throws on a request target such as `//`, which is the app's to refuse.
      const [path = '/', query = ''] = (req.url ?? '/').split('?', 2);
      if (path.startsWith(prefix)) {
        return sendPage(req, res, {
          name: path.slice(prefix.length),
          query,
          app,
          platform: options.platform,
        });
      }
      if (/^\/__emulator(\/|\/workbench)?$/.test(path)) {
        res.writeHead(302, { location: query === '' ? prefix : `${prefix}?${query}` }).end();
        return;
      }
      return app === undefined ? sendNotice(req, res, 'no-app') : app.passRequest(req, res);
    },
    handleUpgrade(req, socket, head) {
      if (app === undefined) socket.destroy();
      else void app.passUpgrade(req, socket as Socket, head);
    },
  };
}

function sendPage(
  req: IncomingMessage,
  res: ServerResponse,
  page: { name: string; query: string; app: AppProxy | undefined; platform: WorkbenchPlatform },
): void | Promise<void> {
  const { name, app, platform } = page;
  if (name === 'company.json') {
    const { corpId, corpName, clientId } = platform;
    return sendJson(res, { corpId, corpName, clientId, homeUrl, hasApp: app !== undefined });
  }
  if (name === 'people.json')
    return sendJson(res, findPeople(platform.people(), new URLSearchParams(page.query)));
  if (name === 'client') return becomeClient(req, res, page);
  if (name === 'clear-data') return clearData(req, res, app);
  return sendAsset(res, name);
}

/** A page cannot choose its own user agent, so the proxy says it, from the first request of the webview on. */
function becomeClient(
  req: IncomingMessage,
  res: ServerResponse,
  { query, app }: { query: string; app: AppProxy | undefined },
): void {
  const userAgent = new URLSearchParams(query).get('userAgent') ?? '';
  if (isForeign(req) || !/^[\x20-\x7e]{1,512}$/.test(userAgent)) {
    res.writeHead(400).end();
    return;
  }
  app?.becomeClient(userAgent);
  res.writeHead(204).end();
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
