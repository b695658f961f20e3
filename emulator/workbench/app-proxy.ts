import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer } from 'httpxy';
import { sendNotice } from './notice';
import { hostOf } from './other-browser';

/** The way from the emulator's origin to the app: everything that is not DingTalk's goes through here. */
export interface AppProxy {
  passRequest(req: IncomingMessage, res: ServerResponse): Promise<void>;
  passUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void>;
  /** What the webview in the workbench at this host calls itself, and which language it asks for, from now on. */
  becomeClient(host: string, client: { userAgent: string; language: string }): void;
  /** `Set-Cookie` lines, one per cookie, that make a browser forget what the app was seen to set. */
  expiredCookies(): string[];
}

/**
 * Passes HTTP and WebSocket on to the app, with the Host that the browser sent: to the app, the emulator's origin is its own.
 *
 * @param appUrl where the app listens, such as http://127.0.0.1:3000
 */
export function createAppProxy(appUrl: string): AppProxy {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const proxy = createProxyServer({ target: appUrl });
  const setCookies = new Map<string, string>();
  const clients = new Map<string, { userAgent: string; language: string }>();
  const headersFor = (req: IncomingMessage) => {
    const client = isOfWebview(req) ? clients.get(hostOf(req)) : undefined;
    const own = client && { 'user-agent': client.userAgent, 'accept-language': client.language };
    return { ...forwardedHeaders(req), ...own };
  };

  proxy.on('proxyRes', (answer, req) => {
    if (isOfWebview(req)) forgetFrames(answer.headers);
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const kept = attributes.filter((attribute) => !/^(max-age|expires)=/i.test(attribute));
      setCookies.set(pair.slice(0, pair.indexOf('=')), ['', ...kept].join('; '));
    }
  });

  return {
    async passRequest(req, res) {
      try {
        await proxy.web(req, res, { agent, headers: headersFor(req) });
      } catch {
        // Half an answer must not look like a whole one.
        if (res.headersSent) res.destroy();
        else sendNotice(req, res, 'app-down');
      }
    },
    async passUpgrade(req, socket, head) {
      try {
        await proxy.ws(req, socket, { headers: headersFor(req) }, head);
      } catch {
        socket.destroy();
      }
    },
    becomeClient: (host, client) => void clients.set(host, client),
    expiredCookies: () => [...setCookies].map(([name, attributes]) => `${name}=; Max-Age=0${attributes}`),
  };
}

/**
 * Whether the webview asks, which is an iframe of the workbench's, and not an ordinary tab that opens the app. What
 * scripts fetch looks the same in both.
 */
function isOfWebview(req: IncomingMessage): boolean {
  return /^(iframe|empty)$/.test(String(req.headers['sec-fetch-dest']));
}

/** A client shows a page in a webview, which is no frame: what forbids frames says nothing about it. */
function forgetFrames(headers: IncomingMessage['headers']): void {
  delete headers['x-frame-options'];
  const policy = headers['content-security-policy'];
  if (typeof policy === 'string')
    headers['content-security-policy'] = policy.replace(/(?:^|;)\s*frame-ancestors[^;]*/i, '');
}

/** We are the first proxy: what a browser claims about the way behind it is replaced, not appended to. */
function forwardedHeaders(req: IncomingMessage): Record<string, string> {
  delete req.headers.forwarded;
  return {
    'x-forwarded-for': (req.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    'x-forwarded-host': req.headers.host ?? '',
    'x-forwarded-proto': 'http',
  };
}
