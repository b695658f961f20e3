import 'server-only';
import { randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { withBasePath, withoutBasePath } from '../base-path';
import { type Problem, problems } from '../errors';
import { messagesIn, preferredLanguage } from '../i18n';
import { log } from '../log';
import { sessionCookies } from '../session/session-cookie';
import { singleton } from '../singleton';
import { explain, type WireError } from './error-response';
import { ADDRESS_HEADER, PEER_HEADER } from './internal-headers';
import { serveInTurn } from './pipeline';
import { cleanHeaders, cleanTarget } from './request-cleaning';
import { setApiSecurityHeaders } from './security-headers';

/** A client that needs longer to send a request, body included, is cut off. */
const REQUEST_DEADLINE_MS = 15_000;
/** Lines about what Next answers by itself, in a window: any client can cause them. */
const MAX_LINES = 30;
const WINDOW_MS = 60_000;

export interface ConnectionOptions {
  /** Whether WebSockets are served: hot reload needs them, and only that. */
  hasWebSockets: boolean;
}

const unguarded = singleton('unguarded-servers', () => new WeakSet<Server>());

/** For a server of this process that is not Next's, and has bounds of its own. */
export function leaveUnguarded(server: Server): void {
  unguarded().add(server);
}

/**
 * Stands between the socket and Next, for every request: what a stranger sends is bounded and made harmless before
 * anything else reads it. Called once, at boot; Next does not hand out its server, so it is found through Node's
 * diagnostics channels.
 */
export function watchConnections(options: ConnectionOptions): void {
  const guarded = new WeakSet<Server>();
  const strictest = new Headers();
  setApiSecurityHeaders(strictest);
  const guard = (server: unknown) => {
    if (!(server instanceof Server) || unguarded().has(server)) return;
    // Without a listener Node ignores the offer of another protocol and answers in HTTP/1.1, as it should (RFC 9110,
    // 7.8). Next's never lets go of the socket where it knows no such path.
    if (!options.hasWebSockets) server.removeAllListeners('upgrade');
    if (guarded.has(server)) return;
    guarded.add(server);
    const listeners = server.listeners('request');
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      // Next gives some answers by itself (a slash too many, a method that it does not know): they have these, too.
      response.setHeaders(strictest);
      receive(request, response, options, () => {
        for (const listener of listeners) listener.call(server, request, response);
      });
    });
  };
  subscribe('net.server.socket', (message) =>
    guard((message as { socket: Socket & { server?: unknown } }).socket.server),
  );
  // For connections that were there before.
  subscribe('http.server.request.start', (message) => guard((message as { server: unknown }).server));
}

function receive(
  request: IncomingMessage,
  response: ServerResponse,
  { hasWebSockets }: ConnectionOptions,
  serve: () => void,
): void {
  const target = cleanTarget(request.url);
  const address = target === undefined ? undefined : withoutBasePath(target);
  const isApi = address !== undefined && /^\/api(?:[/\\?#]|$)/.test(address);
  // A `Request` cannot have TRACE: Next answers 500. Of a page's other methods Next collects the whole body before
  // `proxy.ts`, and writes past the log when it breaks off; its development server has addresses of its own for them.
  const isTaken = request.method !== 'TRACE' && (isApi || hasWebSockets || isRead(request.method));
  if (target === undefined || !isTaken) {
    const problem = isTaken ? 'bad-request' : 'method-not-allowed';
    // The body is not read: a client that stalls would keep the connection for good.
    cutOffSlowSender(request);
    const allowed = isApi ? 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' : 'GET, HEAD';
    serveInTurn(request.socket, response, () => refuse(problem, allowed, request, response));
    return;
  }
  request.url = target;
  cleanHeaders(request.headers, sessionCookies().cookieName);
  request.headers[ADDRESS_HEADER] = addressOf(address ?? target);
  request.headers[PEER_HEADER] = request.socket.remoteAddress ?? '';
  if (isApi) watchApi(request, response);
  // While Next finds its way to the page: inside a render, the same would hold it up for milliseconds.
  if (!target.startsWith(withBasePath('/_next/'))) void sessionCookies().open(request.headers.cookie);
  // Node's parser drops what follows such a request in the same packet: on an open connection that would never be
  // answered, or be taken for something else.
  if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
  cutOffSlowSender(request);
  serveInTurn(request.socket, response, serve);
}

const isRead = (method: string | undefined) => method === 'GET' || method === 'HEAD';

/** A header holds no more than Latin-1, and what is longer is no address of ours. */
function addressOf(target: string): string {
  return (/^[^?#]*/.exec(target)?.[0] ?? '').slice(0, 4096).replace(/[^\x21-\x7e]/g, encodeURIComponent);
}

function cutOffSlowSender(request: IncomingMessage): void {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
    return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, REQUEST_DEADLINE_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
}

/** What is wrong with a request before it has reached a page or route. */
function refuse(problem: Problem, allow: string, request: IncomingMessage, response: ServerResponse): void {
  const requestId = randomUUID();
  const messages = messagesIn(preferredLanguage(request.headers['accept-language']));
  const { code, status } = problems[problem];
  const error: WireError = { code, requestId, ...explain(problem, messages, {}) };
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'private, no-store',
    'x-request-id': requestId,
    ...(status === 405 ? { allow } : {}),
  });
  response.end(JSON.stringify({ error }));
}

let lines = { count: 0, since: Number.NEGATIVE_INFINITY };

/** Our own handlers have a line of their own in the log; what Next answers under /api would leave none. */
function watchApi(request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?', 1)[0]?.slice(0, 200);
  response.once('finish', () => {
    if (response.hasHeader('x-request-id')) return;
    if (performance.now() - lines.since > WINDOW_MS) lines = { count: 0, since: performance.now() };
    if (++lines.count > MAX_LINES) return;
    log().warn({ event: 'api-unhandled', method: request.method, path, status: response.statusCode });
  });
}
