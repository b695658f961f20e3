import type { Packet } from './malformed-requests';

/** Packets whose shape is more than one long value: many headers, odd lists, bodies, framings, versions and targets. */

const ROOM = 15_000;
const fill = (text: string, bytes = ROOM) => text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes);
const numbered = (count: number, entry: (at: string) => string) =>
  Array.from({ length: count }, (_, at) => entry(at.toString(36)));

/** Header lines, each shape by its name. */
const HEADERS: Record<string, string[]> = {
  'many headers': numbered(1200, (at) => `x-${at}: 1`),
  'many headers of one name': numbered(1200, () => 'x-same: 1'),
  'many cookie headers': numbered(1000, (at) => `cookie: ${at}=1`),
  'many forwarded headers': numbered(600, () => 'x-forwarded-for: ::1, ::2'),
  'many accept headers': numbered(800, () => 'accept: */*;q=0.1'),
  'many hosts in one': [`host: ${fill('a.')}`],
  'two hosts': ['host: one.example', 'host: two.example'],
  'no host of a kind': ['host: [::1'],
  'many languages': [`accept-language: ${fill('zh-Hant-TW-x-abc;q=0.9,')}`],
  'languages without end': [`accept-language: ${fill('x-')}`],
  'languages with odd weights': [`accept-language: ${fill('en;q=1e309,de;q=-0;q=NaN,')}`],
  'many etags': [`if-none-match: ${fill('W/"0123456789abcdef",')}`],
  'open etags': [`if-none-match: ${fill('W/"')}`],
  'many ranges': [`range: bytes=${fill('0-0,')}`],
  'ranges from the end': [`range: bytes=${fill('-1,')}`],
  'ranges without numbers': [`range: bytes=${fill('-,')}`],
  'odd dates': [`if-modified-since: ${fill('Mon, 01 Jan 1 00:00:00 GMT ')}`],
  'many media types': [`accept: ${fill('text/html;q=0.1;a=b,')}`],
  'many encodings': [`accept-encoding: ${fill('gzip;q=0.1,br;q=0,')}`],
  'parameters of a type': [`content-type: application/json${fill(';charset=utf-8')}`],
  'open quotes of a type': [`content-type: application/json; charset="${fill('\\"')}`],
  'a boundary without end': [`content-type: multipart/form-data; boundary=${fill('-')}`],
  'many boundaries': [`content-type: multipart/form-data${fill('; boundary=a')}`],
  'an encoded referer': [`referer: http://x/${fill('%25')}`],
  'an origin of dots': [`origin: http://${fill('.')}`],
  'router headers': [
    'rsc: 1',
    'next-router-prefetch: 1',
    'next-url: /\\',
    'next-router-state-tree: %5B%22%22%5D',
  ],
  'a prefetch of a segment': [
    'rsc: 1',
    'next-router-prefetch: 2',
    `next-router-segment-prefetch: ${fill('/a')}`,
  ],
  'an encoded segment': ['rsc: 1', 'next-router-prefetch: 1', 'next-router-segment-prefetch: /_tree%2f..%00'],
  'a router state of slots': ['rsc: 1', `next-router-state-tree: ${encodeURIComponent(slots(200))}`],
  'an action': ['next-action: 0123456789abcdef0123456789abcdef01234567ab'],
  'an action of dots': [`next-action: ${fill('a.')}`],
  'a data request': ['x-nextjs-data: 1', 'x-matched-path: /_next/data/x/admin.json'],
  'headers of the renderer': ['x-invoke-path: /admin', 'x-invoke-status: 500', 'x-invoke-output: /_error'],
  'headers of the middleware': [
    'x-middleware-rewrite: http://127.0.0.1:1/',
    'x-middleware-next: 1',
    'x-middleware-override-headers: cookie,host',
    'x-middleware-request-cookie: a=b',
  ],
  'a subrequest': [`x-middleware-subrequest: ${fill('src/middleware:middleware:')}`],
  'a preview': [
    'x-prerender-revalidate: a',
    'x-prerender-revalidate-if-generated: 1',
    'cookie: __prerender_bypass=a; __next_preview_data=b',
  ],
  'a host elsewhere': [
    'x-forwarded-host: evil.example:99999',
    'x-forwarded-proto: javascript',
    'x-forwarded-port: -1',
  ],
  'a host that is none': ['x-forwarded-host: \\\\evil/..', 'x-forwarded-proto: http, https, \t'],
  'many protos': [`x-forwarded-proto: ${fill('https,')}`],
  'a method elsewhere': ['x-http-method-override: DELETE', 'x-method-override: PATCH'],
  'a url elsewhere': ['x-original-url: /admin', 'x-rewrite-url: /admin'],
  'an upgrade to http2': [
    'connection: upgrade, http2-settings',
    'upgrade: h2c',
    `http2-settings: ${fill('A', 4000)}`,
  ],
  'many upgrades': ['connection: upgrade', `upgrade: ${fill('websocket,')}`],
  'an upgrade without a connection': ['upgrade: websocket'],
  'a connection of every header': [`connection: ${fill('host,cookie,keep-alive,close,')}`],
  'a broken upgrade': [
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-key: x',
    'sec-websocket-version: 99',
  ],
  'a te': ['te: trailers, deflate;q=0.5', 'trailer: x, content-length, host'],
  'a keep-alive': ['keep-alive: timeout=999999999999, max=-1', 'proxy-connection: keep-alive'],
  'a continue': ['expect: 100-continue'],
  'an odd expectation': [`expect: ${fill('200-maybe,', 200)}`],
  'letters beyond ASCII': [`x-name: ${fill('\xc3\xa9\xff')}`, 'cookie: dingpass=\xff; \xfe=1'],
  'an empty cookie': ['cookie:', 'accept-language:', 'user-agent:', 'accept:'],
  'trace context': [
    `traceparent: 00-${fill('0', 4000)}-01`,
    `tracestate: ${fill('a=b,', 4000)}`,
    `baggage: ${fill('a=b;c,', 4000)}`,
  ],
  'client hints': [`sec-ch-ua: ${fill('"a";v="1", ')}`],
  'a fetch of a worker': [
    'sec-fetch-dest: serviceworker',
    'sec-fetch-mode: navigate',
    'service-worker: script',
  ],
};

/** What may stand behind a path. */
const TARGETS: Record<string, (route: string) => string> = {
  'deep paths': (route) => `${route}${fill('/a')}`,
  'deep paths of dots': (route) => `${route}${fill('/..')}`,
  'deep encoded dots': (route) => `${route}${fill('/%2e%2e')}`,
  'encoded slashes': (route) => `${route}${fill('%2f')}`,
  backslashes: (route) => `${route}${fill('\\')}`,
  'matrix parameters': (route) => `${route}${fill(';a=b')}`,
  'twice encoded': (route) => `${route}/${fill('%2525')}`,
  'half encoded': (route) => `${route}/${fill('%2')}%`,
  'overlong encoding': (route) => `${route}/${fill('%c0%af')}`,
  'encoded nothing': (route) => `${route}/%00${fill('%00', 3000)}`,
  'letters encoded': (route) => `${route}/${fill('%E4%B8%AD')}`,
  'groups of a route': (route) => `${route}/(internal)/@modal/[id]/[...all]/(.)x`,
  'a rsc suffix': (route) => `${route}.rsc`,
  'segments of a page': (route) => `${route}.segments/_tree.segment.rsc`,
  'a data path': (route) => `/_next/data/x${route}.json`,
  'an image': (route) => `/_next/image?url=${encodeURIComponent(`http://127.0.0.1:1${route}`)}&w=64&q=75`,
  'an image of ours': (route) => `/_next/image?url=${encodeURIComponent(route)}&w=640&q=75`,
  'a query of brackets': (route) => `${route}?${fill('a[b][c]=d&', 900)}`,
  'a query of names': (route) => `${route}?${numbered(99, (at) => `__proto__[${at}]=1`).join('&')}`,
  'a query of next': (route) => `${route}?next=${encodeURIComponent(fill('//', 4500))}`,
  'a query of rsc': (route) => `${route}?_rsc=${fill('a', 9000)}&__nextLocale=x&__nextDataReq=1&nxtPid=1`,
  'a query of codes': (route) => `${route}?authCode=${fill('a', 1500)}&state=${fill('b', 9000)}`,
  'a long code': (route) => `${route}?code=${fill('a', 14_000)}`,
  'a fragment': (route) => `${route}#${fill('#a')}`,
  'a scheme': (route) => `http://evil.example${route}`,
  'a scheme with a user': (route) => `https://a:b@evil.example:99999${route}`,
  'a scheme of ours': (route) => `dingtalk://x${route}`,
  'an authority': () => 'evil.example:443',
  'an asterisk': () => '*',
  'no path': () => '?x',
  'two slashes': (route) => `/${route}`,
};

const post = (route: string, type: string, body: string, more: string[] = []) =>
  [
    `POST ${route} HTTP/1.1`,
    'host: x',
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body, 'latin1')}`,
    ...more,
    '',
    body,
  ].join('\r\n');
const chunked = (route: string, chunks: string, more: string[] = []) =>
  [
    `POST ${route} HTTP/1.1`,
    'host: x',
    'content-type: application/json',
    'transfer-encoding: chunked',
    ...more,
    '',
    chunks,
  ].join('\r\n');
const part = (name: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n1\r\n`;

/** Whole requests: methods, bodies, framings, versions, and several in a row. */
const REQUESTS: Record<string, (route: string) => string> = {
  ...Object.fromEntries(
    ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'PURGE', 'QUERY', 'M-SEARCH'].map(
      (method) => [
        `the method ${method}`,
        (route: string) => `${method} ${route} HTTP/1.1\r\nhost: x\r\n\r\n`,
      ],
    ),
  ),
  'the method CONNECT': () => 'CONNECT evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n',
  'no such method': (route) => `${fill('G', 30)} ${route} HTTP/1.1\r\nhost: x\r\n\r\n`,
  'HTTP/1.0': (route) => `GET ${route} HTTP/1.0\r\n\r\n`,
  'HTTP/1.0, kept': (route) => `GET ${route} HTTP/1.0\r\nconnection: keep-alive\r\n\r\n`,
  'HTTP/0.9': (route) => `GET ${route}\r\n\r\n`,
  'HTTP/2.0': (route) => `GET ${route} HTTP/2.0\r\nhost: x\r\n\r\n`,
  'a preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a hello of TLS': () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'a line of a proxy': (route) =>
    `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET ${route} HTTP/1.1\r\nhost: x\r\n\r\n`,
  'bare line feeds': (route) => `GET ${route} HTTP/1.1\nhost: x\n\n`,
  'a folded header': (route) => `GET ${route} HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n 2\r\n\r\n`,
  'a blank before the colon': (route) =>
    `GET ${route} HTTP/1.1\r\nhost: x\r\ncontent-length : 5\r\n\r\nhello`,
  'nothing but line ends': (route) => `${fill('\r\n', 8000)}GET ${route} HTTP/1.1\r\nhost: x\r\n\r\n`,
  'two lengths': (route) =>
    `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
  'an odd length': (route) => `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-length: +5\r\n\r\nhello`,
  'a length beyond numbers': (route) =>
    `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\nhello`,
  'a length and chunks': (route) =>
    chunked(route, '0\r\n\r\nGET /admin HTTP/1.1\r\nhost: x\r\n\r\n', ['content-length: 5']),
  'chunks by another name': (route) =>
    `POST ${route} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'chunks twice': (route) =>
    `POST ${route} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n`,
  'gzip, then chunks': (route) =>
    `POST ${route} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'extensions of a chunk': (route) => chunked(route, `2${fill(';a=b', 9000)}\r\n{}\r\n0\r\n\r\n`),
  'many chunks': (route) => chunked(route, `${fill('1\r\n \r\n', 12_000)}0\r\n\r\n`),
  'a size that is none': (route) => chunked(route, 'xyz\r\n{}\r\n0\r\n\r\n'),
  'a size beyond numbers': (route) => chunked(route, `${fill('f', 40)}\r\n{}\r\n`),
  'many trailers': (route) =>
    chunked(route, `2\r\n{}\r\n0\r\n${numbered(800, (at) => `x-${at}: 1\r\n`).join('')}\r\n`, ['trailer: x']),
  'deep JSON': (route) => post(route, 'application/json', fill('[', 15_000)),
  'many names of JSON': (route) =>
    post(route, 'application/json', `{${numbered(1200, (at) => `"${at}":1`).join()}}`),
  'one name of JSON': (route) =>
    post(route, 'application/json', `{"__proto__":{"code":"x"},"code":{"toString":"x"}}`),
  'escapes of JSON': (route) => post(route, 'application/json', `{"code":"${fill('\\u0000', 12_000)}"}`),
  'a number of JSON': (route) => post(route, 'application/json', `{"code":${fill('9', 14_000)}}`),
  'a form of many fields': (route) => post(route, 'application/x-www-form-urlencoded', fill('a=b&', 15_000)),
  'an encoded form': (route) => post(route, 'application/x-www-form-urlencoded', fill('%25', 15_000)),
  'many parts': (route) =>
    post(route, 'multipart/form-data; boundary=b', `${numbered(220, part).join('')}--b--\r\n`),
  'an action of parts': (route) =>
    post(
      route,
      'multipart/form-data; boundary=b',
      `${part('$ACTION_ID_0123456789abcdef0123456789abcdef01234567ab')}${part('$ACTION_REF_1')}${part('$ACTION_1:0')}--b--\r\n`,
    ),
  'an action of many parts': (route) =>
    post(
      route,
      'multipart/form-data; boundary=b',
      `${numbered(150, (at) => part(`$ACTION_${at}:0`)).join('')}--b--\r\n`,
      ['next-action: 0123456789abcdef0123456789abcdef01234567ab'],
    ),
  'parts without an end': (route) => post(route, 'multipart/form-data; boundary=b', fill('--b\r\n', 12_000)),
  'an action in a text': (route) =>
    post(route, 'text/plain;charset=UTF-8', '["$K1","$@2","$Q3",{"then":"$4"}]', [
      'next-action: 0123456789abcdef0123456789abcdef01234567ab',
    ]),
  'an action of references': (route) =>
    post(route, 'text/plain;charset=UTF-8', `[${fill('"$1:a:b",', 12_000)}1]`, [
      'next-action: 0123456789abcdef0123456789abcdef01234567ab',
      'rsc: 1',
    ]),
  'a body of a GET': (route) =>
    `GET ${route} HTTP/1.1\r\nhost: x\r\ncontent-length: 12000\r\n\r\n${fill('a', 12_000)}`,
  'a body announced': (route) => post(route, 'application/json', '{"code":"x"}', ['expect: 100-continue']),
  'a packed body': (route) =>
    post(route, 'application/json', '{"code":"x"}', ['content-encoding: gzip, br, deflate']),
  'HEADs in a row': (route) => fill(`HEAD ${route} HTTP/1.1\r\nhost: x\r\n\r\n`, 1000 * 15),
  'POSTs in a row': (route) => post(route, 'application/json', '{}').repeat(100).slice(0, 15_000),
  'a POST and upgrades in a row': (route) =>
    `${post(route, 'application/json', '{}')}${`GET ${route} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`.repeat(30)}`,
};

/** All of them, for each of these routes. @returns names that begin with the route */
export function shapesOn(routes: readonly string[]): Packet[] {
  return routes.flatMap((route) => {
    const request = (target: string, lines: string[]) =>
      [
        `GET ${target} HTTP/1.1`,
        ...(lines.some((line) => line.startsWith('host:')) ? [] : ['host: x']),
        ...lines,
        '',
        '',
      ].join('\r\n');
    const texts: [string, string][] = [
      ...Object.entries(HEADERS).map(([name, lines]): [string, string] => [name, request(route, lines)]),
      ...Object.entries(TARGETS).map(([name, target]): [string, string] => [
        name,
        request(target(route), []),
      ]),
      ...Object.entries(REQUESTS).map(([name, text]): [string, string] => [name, text(route)]),
    ];
    return texts.map(([name, text]) => ({
      name: `${route} ${name}`,
      bytes: Buffer.from(text, 'latin1').subarray(0, 16_384),
    }));
  });
}

function slots(count: number): string {
  return JSON.stringify(['', Object.fromEntries(numbered(count, (at) => at).map((at) => [at, ['a', {}]]))]);
}
