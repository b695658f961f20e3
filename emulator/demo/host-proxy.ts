import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createProxyServer } from 'httpxy';

/** A reverse proxy in front of one site that asks the gate about every request. */
export interface HostProxy {
  url: string;
  close(): void;
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  raw: string[];
  body: Buffer;
}

/** Of the gate: what it tells the site, and what the site has no need to see. */
const IDENTITY = /^(?:remote-(?:user|name|email|groups)|x-dingpass-jwt)$/;
const GATE_COOKIES = /(?:^|;\s*)(?:__Host-)?dingpass-(?:host|begun)=[^;]*/g;
const HOP_BY_HOP = /^(?:connection|keep-alive|transfer-encoding|content-length|upgrade|te|trailer)$/i;

/**
 * Does in a few lines what the recipes do in nginx and the like: `/.dingpass/` is the gate's, everything else is asked for
 * by a sub-request, and passed on with the member's name or answered as the gate says.
 *
 * @param gateUrl where `GATE_LISTEN` is
 * @param siteUrl the site, which nothing else may reach
 */
export async function startHostProxy({
  gateUrl,
  siteUrl,
}: {
  gateUrl: string;
  siteUrl: string;
}): Promise<HostProxy> {
  // A connection for each request: one that is kept may be closed just when the next request takes it.
  const agent = new Agent({ keepAlive: false });
  const proxy = createProxyServer();
  proxy.on('proxyRes', ({ headers }) => {
    delete headers['clear-site-data'];
    const cookies = headers['set-cookie'];
    if (cookies) headers['set-cookie'] = cookies.map((line) => line.replace(/;\s*domain=[^;]*/gi, ''));
  });

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '/';
    if (path.startsWith('/.dingpass/verify')) return void res.writeHead(404).end();
    if (path.startsWith('/.dingpass/')) return void (await proxy.web(req, res, { target: gateUrl, agent }));
    const verdict = await ask(gateUrl, req, agent);
    if (verdict.status !== 200) {
      res.writeHead(verdict.status, withoutHopByHop(verdict.raw)).end(verdict.body);
      return;
    }
    admit(req, verdict);
    await proxy.web(req, res, { target: siteUrl, agent });
  }

  const server = createServer((req, res) => {
    serve(req, res).catch(() => {
      // Half an answer must not look like a whole one.
      if (res.headersSent) res.destroy();
      else res.writeHead(502, { 'content-type': 'text/plain' }).end('502\n');
    });
  });
  server.on('upgrade', (req, socket, head) => {
    ask(gateUrl, req, agent)
      .then((verdict) => {
        if (verdict.status !== 200) return void socket.destroy();
        admit(req, verdict);
        return proxy.ws(req, socket as Socket, { target: siteUrl }, head);
      })
      .catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

/** What the visitor says of themselves is replaced by what the gate says. */
function admit(req: IncomingMessage, { headers }: Answer): void {
  for (const name of Object.keys(req.headers))
    if (IDENTITY.test(name.replace(/_/g, '-'))) delete req.headers[name];
  for (const [name, value] of Object.entries(headers)) if (IDENTITY.test(name)) req.headers[name] = value;
  const cookie = req.headers.cookie?.replace(GATE_COOKIES, '').replace(/^;\s*/, '');
  if (cookie) req.headers.cookie = cookie;
  else delete req.headers.cookie;
}

/** The sub-request of a forward-auth proxy: the visitor's own head, without a body. */
function ask(gateUrl: string, req: IncomingMessage, agent: Agent): Promise<Answer> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(req.headers))
    if (value !== undefined && (!HOP_BY_HOP.test(name) || name === 'upgrade')) headers[name] = value;
  // Node.js would take it for a handshake of its own.
  const { upgrade, ...others } = headers;
  return new Promise((resolve, reject) => {
    const asked = request(`${gateUrl}/.dingpass/verify/forward-auth`, {
      agent,
      headers: {
        ...others,
        ...(upgrade === undefined ? {} : { 'sec-fetch-mode': 'websocket' }),
        'x-forwarded-method': req.method ?? 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': req.headers.host ?? '',
        'x-forwarded-uri': req.url ?? '/',
      },
    });
    asked.on('error', reject).on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 502,
          headers: answer.headers,
          raw: answer.rawHeaders,
          body: Buffer.concat(chunks),
        }),
      );
    });
    asked.end();
  });
}

function withoutHopByHop(raw: readonly string[]): string[] {
  return raw.filter((_, at) => !HOP_BY_HOP.test(raw[at - (at % 2)] ?? ''));
}
