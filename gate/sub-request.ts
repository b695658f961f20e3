import 'server-only';
import type { IncomingMessage } from 'node:http';
import type { ProtectedHost, ProtectedHosts } from '@/lib/http/protected-host';

/** How a reverse proxy tells of the request that it asks about. */
export type Dialect = 'nginx' | 'forward-auth' | 'envoy';

/** The request of a visitor that a proxy asks about. */
export interface VisitorRequest {
  method: string;
  host: ProtectedHost;
  /** Path and query, as the visitor sent them. */
  target: string;
  headers: VisitorHeaders;
}

/** What counts of a visitor's headers; each was sent at most once, but `cookie`. */
export interface VisitorHeaders {
  cookie?: string;
  origin?: string;
  accept?: string;
  'accept-language'?: string;
  upgrade?: string;
  'sec-websocket-key'?: string;
  'user-agent'?: string;
  'sec-fetch-mode'?: string;
  'sec-fetch-site'?: string;
  purpose?: string;
  'sec-purpose'?: string;
}

const COUNTED = new Set([
  'cookie',
  'origin',
  'accept',
  'accept-language',
  'upgrade',
  'sec-websocket-key',
  'user-agent',
  'sec-fetch-mode',
  'sec-fetch-site',
  'purpose',
  'sec-purpose',
  'host',
  'x-original-method',
  'x-original-url',
  'x-forwarded-method',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-uri',
]);
/** Sent twice by browsers and proxies that mean no harm. */
const JOINED: Record<string, string> = { cookie: '; ', accept: ', ', 'accept-language': ', ' };
const METHOD = /^[A-Z]{3,16}$/;

/** What a proxy's description lacks: the request is refused. */
export class SubRequestError extends Error {
  /** `missing`: no proxy of this dialect asked. */
  readonly problem: 'missing' | 'malformed' | 'unknown-host';

  constructor(problem: SubRequestError['problem'], what: string) {
    super(what);
    this.name = 'SubRequestError';
    this.problem = problem;
  }
}

/**
 * Reads the visitor's request from a proxy's sub-request: only from the headers of the proxy's own dialect, because a
 * visitor can send those of the others.
 *
 * @param path of the sub-request below the dialect's verify path, with its query; Envoy has the visitor's there
 * @throws SubRequestError where a part is missing, sent twice, or of no form
 */
export function readSubRequest(
  dialect: Dialect,
  request: IncomingMessage,
  path: string,
  hosts: ProtectedHosts,
): VisitorRequest {
  const headers = countedHeaders(request.rawHeaders);
  const { method, scheme, authority, target } = DIALECTS[dialect](headers, request, path, hosts.scheme);
  if (!method || !target || !authority || !scheme) throw new SubRequestError('missing', 'no description');
  if (!METHOD.test(method)) throw new SubRequestError('malformed', 'method');
  if (`${scheme.toLowerCase()}:` !== hosts.scheme) throw new SubRequestError('malformed', 'scheme');
  if (!target.startsWith('/')) throw new SubRequestError('malformed', 'path');
  // By them a visitor could reach this address through a proxy that resolves them for its routes: Envoy has none left.
  if (dialect === 'envoy' && hasDotSegments(target)) throw new SubRequestError('missing', 'dot segments');
  const host = hosts.find(authority);
  if (!host) throw new SubRequestError('unknown-host', 'host');
  return { method, host, target, headers };
}

function hasDotSegments(target: string): boolean {
  const path = target
    .replace(/[?#].*$/s, '')
    .replace(/%(?:2e|2f|5c)/gi, (encoded) => decodeURIComponent(encoded));
  return /(?:^|[/\\])\.{1,2}(?:[/\\;]|$)/.test(path);
}

interface Description {
  method: string | undefined;
  scheme: string | undefined;
  authority: string | undefined;
  target: string | undefined;
}

type Headers = Record<string, string | undefined>;

const DIALECTS: Record<
  Dialect,
  (headers: Headers, request: IncomingMessage, path: string, scheme: string) => Description
> = {
  nginx(headers) {
    const [, scheme, authority, target] =
      /^([a-z]+):\/\/([^/]*)(\/.*)$/s.exec(headers['x-original-url'] ?? '') ?? [];
    return { method: headers['x-original-method'], scheme, authority, target };
  },
  'forward-auth': (headers) => ({
    method: headers['x-forwarded-method'],
    scheme: headers['x-forwarded-proto'],
    authority: headers['x-forwarded-host'],
    target: headers['x-forwarded-uri'],
  }),
  // Envoy asks with the visitor's own method, host and path, the last below a prefix.
  envoy: (headers, request, path, scheme) => ({
    method: request.method,
    scheme: headers['x-forwarded-proto'] ?? scheme.slice(0, -1),
    authority: headers.host,
    target: path,
  }),
};

/** The same of a request that a browser made of the gate itself. */
export function visitorHeaders({ rawHeaders }: IncomingMessage): VisitorHeaders {
  return countedHeaders(rawHeaders);
}

/** From the headers as they were sent: Node.js takes the first of two `Host`s, and joins two of most others. */
function countedHeaders(raw: readonly string[]): Headers & VisitorHeaders {
  const headers: Headers = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? '';
    if (!COUNTED.has(name)) continue;
    const before = headers[name];
    const value = raw[at + 1] ?? '';
    if (before === undefined) headers[name] = value;
    else if (name in JOINED) headers[name] = before + JOINED[name] + value;
    else throw new SubRequestError('malformed', `${name} twice`);
  }
  return headers as Headers & VisitorHeaders;
}
