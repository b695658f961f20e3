import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReverseProxy } from './reverse-proxies';

/**
 * Stand-ins for proxies that do not run here: each asks the gate, and takes its answer, as that proxy's documentation
 * says, with the lists of headers in its recipe. TLS is left out: visitors are said to come by https.
 */
export const DIALECTS = ['traefik', 'envoy-gateway', 'apisix', 'higress'] as const;
export type DialectName = (typeof DIALECTS)[number];

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Question {
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
}

interface Dialect {
  /** What is asked of the gate about a visitor's request. */
  ask(visitor: IncomingMessage): Question;
  isAdmitted(answer: Answer): boolean;
  /** Headers of the gate's answer that go on to the upstream. */
  toUpstream: readonly string[];
  /** What the visitor gets where the gate refuses. */
  refusal(answer: Answer): Pick<Answer, 'status' | 'headers'>;
  /** Headers of a visitor that are refused or removed: what the recipe, or the proxy by itself, does. */
  isRemoved(name: string): boolean;
}

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'content-length',
];

const recipe = (name: string) => readFileSync(`gate/recipes/${name}.yaml`, 'utf8');

/** A list of a recipe: `key: [a, b]`, or one item a line. */
function listIn(text: string, key: string): string[] {
  const inline = new RegExp(`${key}: \\[([^\\]]*)\\]`).exec(text)?.[1];
  if (inline !== undefined) return inline.split(',').map((item) => item.trim().toLowerCase());
  const lines = new RegExp(`${key}:\\n((?:\\s+- .*\\n)+)`).exec(text)?.[1] ?? '';
  return [...lines.matchAll(/- (.*)/g)].map(([, item = '']) => item.trim().toLowerCase());
}

/** Higress's matchers: `exact: name`, `prefix: name`. */
function isMatched(matchers: readonly string[], name: string): boolean {
  return matchers.some((matcher) => {
    const [kind, text = ''] = matcher.split(/: */);
    return kind === 'exact' ? name === text : name.startsWith(text);
  });
}

function picked(headers: IncomingHttpHeaders, isPicked: (name: string) => boolean) {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => value !== undefined && isPicked(name)),
  ) as Record<string, string | string[]>;
}

function forwarded({ method = '', url = '', headers }: IncomingMessage, proto = 'https') {
  return {
    'x-forwarded-method': method,
    'x-forwarded-proto': proto,
    'x-forwarded-host': headers.host ?? '',
    'x-forwarded-uri': url,
    'x-forwarded-for': '192.0.2.1',
  };
}

const QUESTION = '/.dingpass/verify/forward-auth';

const SPOKEN: Record<DialectName, (text: string) => Dialect> = {
  traefik: (text) => ({
    ask(visitor) {
      const listed = (visitor.headers.connection ?? '').split(/, */).map((name) => name.toLowerCase());
      const isKept = (name: string) =>
        !HOP_BY_HOP.includes(name) &&
        !listed.includes(name) &&
        !name.startsWith('x-forwarded-') &&
        name !== 'host';
      return {
        method: 'GET',
        path: QUESTION,
        headers: { host: '127.0.0.1:4180', ...picked(visitor.headers, isKept), ...forwarded(visitor) },
      };
    },
    isAdmitted: ({ status }) => status >= 200 && status < 300,
    toUpstream: listIn(text, 'authResponseHeaders'),
    refusal: ({ status, headers }) => ({ status, headers }),
    isRemoved: (name) => new RegExp(`^ {10}${name}: ""$`, 'im').test(text),
  }),
  'envoy-gateway': (text) => ({
    ask: (visitor) => ({
      method: visitor.method ?? 'GET',
      path: `${/ path: (\/\S*)/.exec(text)?.[1]}${visitor.url}`,
      headers: {
        ...picked({ ...visitor.headers, 'x-forwarded-proto': 'https' }, (name) =>
          [...listIn(text, 'headersToExtAuth'), 'host', 'authorization'].includes(name),
        ),
        'content-length': '0',
      },
    }),
    isAdmitted: ({ status }) => status === 200,
    toUpstream: listIn(text, 'headersToBackend'),
    refusal: ({ status, headers }) => ({ status, headers }),
    isRemoved: (name) => name.includes('_'),
  }),
  apisix: (text) => ({
    ask: (visitor) => ({
      method: 'GET',
      path: QUESTION,
      headers: {
        host: '127.0.0.1:4180',
        ...picked(visitor.headers, (name) => listIn(text, 'request_headers').includes(name)),
        ...forwarded(visitor),
      },
    }),
    isAdmitted: ({ status }) => status < 300,
    toUpstream: listIn(text, 'upstream_headers'),
    refusal: ({ status, headers }) => ({
      status,
      headers: picked(headers, (name) => listIn(text, 'client_headers').includes(name)),
    }),
    // Its own setting of `underscores_in_headers` is "on": only what the recipe of the upstream's route removes.
    isRemoved: (name) => listIn(text.slice(text.indexOf('enable_websocket')), 'remove').includes(name),
  }),
  higress: (text) => ({
    ask: (visitor) => ({
      method: 'GET',
      path: / path: (\/\.dingpass\/verify\S*)/.exec(text)?.[1] ?? '',
      headers: {
        host: 'dingpass.default.svc.cluster.local',
        ...picked(visitor.headers, (name) => isMatched(listIn(text, 'allowed_headers'), name)),
        // In capital letters, in the examples of its documentation.
        ...forwarded(visitor, 'HTTPS'),
        'content-length': '0',
      },
    }),
    isAdmitted: ({ status }) => status === 200,
    toUpstream: listIn(text, 'allowed_upstream_headers'),
    refusal: ({ status, headers }) => ({
      status: status >= 500 ? Number(/status_on_error: (\d+)/.exec(text)?.[1]) : status,
      headers,
    }),
    isRemoved: (name) =>
      (/request-header-control-remove: (\S+)/.exec(text)?.[1] ?? '').toLowerCase().split(',').includes(name),
  }),
};

/** Over http, on a free port. */
export async function startDialectProxy(
  name: DialectName,
  { gatePort, upstreamPort }: { gatePort: number; upstreamPort: number },
): Promise<ReverseProxy> {
  const dialect = SPOKEN[name](recipe(name));
  const isIdentity = (header: string) =>
    dialect.toUpstream.some((item) => (item.includes(': ') ? isMatched([item], header) : item === header));
  const server = createServer(async (visitor, response) => {
    const { url = '/', method = 'GET' } = visitor;
    if (url.startsWith('/.dingpass/verify')) return void response.writeHead(404).end();
    if (url.startsWith('/.dingpass/')) {
      const headers = picked(visitor.headers, (header) => !/^x-(?:forwarded|original)-/.test(header));
      return relay(await ask(gatePort, { method, path: url, headers }, visitor), response);
    }
    const answer = await ask(gatePort, dialect.ask(visitor));
    if (!dialect.isAdmitted(answer)) return relay({ ...answer, ...dialect.refusal(answer) }, response);
    const own = picked(visitor.headers, (header) => !dialect.isRemoved(header));
    const headers = { ...own, ...picked(answer.headers, isIdentity) };
    relay(await ask(upstreamPort, { method, path: url, headers }, visitor), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function ask(port: number, { method, path, headers }: Question, body?: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    asked.on('error', reject).on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    if (body) body.pipe(asked);
    else asked.end();
  });
}

function relay({ status, headers, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, {
    ...picked(headers, (name) => !HOP_BY_HOP.includes(name)),
    'content-length': body.length,
  });
  response.end(body);
}
