import 'server-only';
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { config } from '@/lib/config';
import { createProtectedHosts, type ProtectedHosts } from '@/lib/http/protected-host';
import { leaveUnguarded } from '@/lib/http/request-hooks';
import { lifecycle } from '@/lib/lifecycle';
import { log } from '@/lib/log';
import { hostPage } from './host-pages';
import { type Dialect, readSubRequest, SubRequestError } from './sub-request';
import { judge } from './verdict';
import { answerVerdict } from './verdict-answer';

/** What all of the gate's own addresses begin with, on every protected host. */
export const GATE_PREFIX = '/.dingpass/';
/** Below the first two is nothing (Caddy adds the visitor's query): a proxy that resolves dot segments to find its route, and passes on what it was sent, would hand a visitor's question through. */
const VERIFY = /^\/\.dingpass\/verify\/(?:(nginx|forward-auth)(?:\?.*)?|(envoy)(\/.*))$/s;
/** A proxy's sub-request has a head of the visitor's, and nothing else. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** The gate's listener. It asks the same sessions and rules as the pages, and Next has no part in it. */
export function createGate(): Server {
  const { gate, publicOrigin } = config();
  const scheme = publicOrigin.startsWith('https:') ? 'https:' : 'http:';
  const hosts = createProtectedHosts(gate.hosts, scheme);
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 75_000 },
    (request, response) => {
      serve(request, response, hosts).catch((error: unknown) => {
        log().error({ event: 'gate-failed', err: error });
        if (!response.headersSent) response.writeHead(500, { 'cache-control': 'no-store' });
        response.end();
      });
    },
  );
  leaveUnguarded(server);
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  hosts: ProtectedHosts,
): Promise<void> {
  const { url = '/' } = request;
  if (!isTrustedProxy(request)) return refuse(response, 403);
  if (!url.startsWith(GATE_PREFIX)) return refuse(response, 404);
  const [, plain, envoy, path = ''] = VERIFY.exec(url) ?? [];
  const dialect = plain ?? envoy;
  if (dialect !== undefined) return verify(dialect as Dialect, request, path, response, hosts);
  const host = hosts.find(request.headers.host);
  // Any other header could name another host, and what its pages may do.
  if (!host || hasTwoHosts(request)) return refuse(response, 404);
  try {
    await hostPage({ host, hosts, request, response });
  } catch (error) {
    if (!(error instanceof SubRequestError)) throw error;
    refuse(response, 400);
  }
}

async function verify(
  dialect: Dialect,
  request: IncomingMessage,
  path: string,
  response: ServerResponse,
  hosts: ProtectedHosts,
): Promise<void> {
  if (declaresBody(request)) {
    // The proxy would take the body for its next sub-request.
    response.writeHead(400, { connection: 'close', 'cache-control': 'no-store' }).end();
    return;
  }
  try {
    const visitor = readSubRequest(dialect, request, path, hosts);
    await answerVerdict(await judge(visitor), { dialect, visitor, response });
  } catch (error) {
    if (!(error instanceof SubRequestError)) throw error;
    refuse(response, { missing: 404, malformed: 401, 'unknown-host': 403 }[error.problem]);
  }
}

function declaresBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Node.js takes the first of two, a proxy perhaps the other. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length > 1;
}

/** By connection: reading an address takes as long as half a verdict. */
const trusted = new WeakMap<Socket, boolean>();

/** Whether the connection is a proxy's: of this machine or `GATE_TRUSTED_PROXIES`, and with the secret where one is set. */
function isTrustedProxy({ socket, headers }: IncomingMessage): boolean {
  const { secret } = config().gate;
  if (secret !== undefined && !isSame(String(headers['x-dingpass-proxy-secret']), secret)) return false;
  let isTrusted = trusted.get(socket);
  if (isTrusted === undefined) {
    isTrusted = isTrustedAddress(socket.remoteAddress ?? '');
    trusted.set(socket, isTrusted);
  }
  return isTrusted;
}

/** In the same time, wherever they differ. */
function isSame(sent: string, secret: string): boolean {
  const [one, other] = [Buffer.from(sent), Buffer.from(secret)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function isTrustedAddress(remoteAddress: string): boolean {
  if (!ipaddr.isValid(remoteAddress)) return false;
  const address = ipaddr.process(remoteAddress);
  if (address.range() === 'loopback') return true;
  const ranges = config().gate.trustedProxies;
  return ranges.some((range) => range[0].kind() === address.kind() && address.match(range));
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'cache-control': 'no-store' }).end();
}

/** Listens where `GATE_LISTEN` says, if it says so, until the process ends. Where it cannot, the process does not start. */
export async function startGate(): Promise<void> {
  const { listen } = config().gate;
  if (!listen) return;
  const server = createGate();
  try {
    server.listen(listen.port, listen.host);
    await once(server, 'listening');
  } catch (error) {
    const { host, port } = listen;
    process.stderr.write(`\nGATE_LISTEN ${host}:${port}: ${(error as Error).message}\n\n`);
    process.exit(1);
  }
  lifecycle().otherServers.push(server);
  log().info({ event: 'gate-listening', ...listen });
}
