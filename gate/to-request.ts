import 'server-only';
import { Readable } from 'node:stream';
import { PEER_HEADER } from '@/lib/http/internal-headers';
import type { HostContext } from './host-context';

/** A request of Node.js's as handlers take it, with the address of its peer. */
export function toRequest({ request, host }: Pick<HostContext, 'request' | 'host'>): Request {
  const headers = new Headers();
  for (let at = 0; at < request.rawHeaders.length; at += 2)
    headers.append(request.rawHeaders[at] ?? '', request.rawHeaders[at + 1] ?? '');
  headers.set(PEER_HEADER, request.socket.remoteAddress ?? '');
  const { method = 'GET', url = '/' } = request;
  const body = method === 'GET' || method === 'HEAD' ? undefined : Readable.toWeb(request);
  return new Request(host.origin + url, {
    method,
    headers,
    ...(body ? { body: body as ReadableStream, duplex: 'half' } : {}),
  } as RequestInit);
}
