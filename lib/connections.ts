import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PEER_HEADER } from './client-address';
import { setApiSecurityHeaders } from './security-headers';
import { sessions } from './session';

/** Whoever needs longer to send a request, body included, is cut off. */
const REQUEST_DEADLINE_MS = 15_000;

/**
 * Watches every request at the socket, before Next sees it: writes down which address the socket has, whatever the
 * client claims, and cuts off clients that never finish sending (Next waits for them). Every answer starts out with the
 * strictest headers: Next gives some by itself (a slash too many, a method that it does not know). Called once, at boot.
 */
export function watchConnections(): void {
  const strictest = new Headers();
  setApiSecurityHeaders(strictest);
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    response.setHeaders(strictest);
    request.url = decodable(originForm(request.url));
    request.headers[PEER_HEADER] = request.socket.remoteAddress ?? '';
    // While Next finds its way to the page: inside a render, the same would hold it up for milliseconds.
    if (!request.url.startsWith('/_next/')) void sessions().open(request.headers.cookie);
    if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
      return;
    const timer = setTimeout(() => {
      if (!request.complete) request.socket.destroy();
    }, REQUEST_DEADLINE_MS);
    timer.unref();
    request.once('close', () => clearTimeout(timer));
  });
}

/** A request target may be a whole URL; Next would answer with redirects to whatever host is in it. */
function originForm(target: string | undefined): string {
  if (target?.startsWith('/')) return target;
  return /^https?:\/\/[^/?#]*(\/.*)$/i.exec(target ?? '')?.[1] ?? '/';
}

/** Next answers 500 to a path that cannot be decoded, before any page or route: such a one is taken by the letter. */
function decodable(target: string): string {
  const [path = ''] = /^[^?#]*/.exec(target) ?? [];
  try {
    decodeURIComponent(path);
    return target;
  } catch {
    return path.replaceAll('%', '%25') + target.slice(path.length);
  }
}
