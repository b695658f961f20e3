import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer, globalAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../certificates';
import type { DoctorScene } from '../doctor-scene';
import type { BrokenSetUp } from './set-up';

/** A front that stands for a reverse proxy with one line wrong. */
function front(
  name: string,
  blamed: string,
  broken: DoctorScene['front'],
  env: Record<string, string> = {},
): BrokenSetUp {
  return {
    name,
    blamed,
    make(scene) {
      scene.front = broken;
      return { env, undo: () => Object.assign(scene, { front: {} }) };
    },
  };
}

const without = (name: string) => (headers: Headers) => headers.delete(name);

/** What stands between people and the app. */
export const fronts: BrokenSetUp[] = [
  front('PUBLIC_ORIGIN leads to another site', 'origin: origin-elsewhere', {
    answers: (_, response) =>
      response.writeHead(200, { server: 'Apache' }).end('<h1>It works!</h1>') !== undefined,
  }),
  front('the reverse proxy does not reach the app', 'origin: origin-without-app', {
    answers: (_, response) => response.writeHead(502, { server: 'nginx' }).end('Bad Gateway') !== undefined,
  }),
  front('the query is decoded on the way', 'origin-request: request-changed', {
    onRequest: (request) => {
      request.url = request.url?.replace('%E5%BC%A0', '');
    },
  }),
  front('the query is stripped on the way', 'origin-request: request-changed', {
    onRequest: (request) => {
      request.url = request.url?.split('?')[0];
    },
  }),
  front('an address list of its own in front', 'origin: origin-elsewhere', {
    answers: (_, response) =>
      response.writeHead(403, { server: 'WAF' }).end('<h1>Forbidden</h1>') !== undefined,
  }),
  front('every address leads to another one', 'origin: origin-elsewhere', {
    answers: (_, response) =>
      response.writeHead(301, { location: 'https://portal.example.com/?from=x' }).end() !== undefined,
  }),
  front('what answers does not speak HTTP', 'origin: origin-elsewhere', {
    answers: ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.2\r\n') !== undefined,
  }),
  front('a proxy that overwrites X-Forwarded-For, and is not counted', 'proxy-hops: hops-differ', {
    onRequest: ({ headers }) => {
      headers['x-forwarded-for'] = '203.0.113.9';
    },
  }),
  front('Origin is dropped on the way', 'origin-request: request-changed', {
    onRequest: ({ headers }) => void delete headers.origin,
  }),
  front('cookies are dropped on the way here', 'origin-cookies: cookie-lost', {
    onRequest: ({ headers }) => void delete headers.cookie,
  }),
  front('cookies are dropped on the way back', 'origin-cookies: cookie-lost', {
    onAnswer: without('set-cookie'),
  }),
  front('cookies lose their flags', 'origin-cookies: cookie-lost', {
    onAnswer: (headers) =>
      headers.set('set-cookie', headers.get('set-cookie')?.replace('HttpOnly; ', '') ?? ''),
  }),
  front('the policy of pages is dropped', 'origin-answer: answer-changed', {
    onAnswer: without('content-security-policy'),
  }),
  front('answers are made cacheable', 'origin-answer: answer-changed', {
    onAnswer: (headers) => headers.set('cache-control', 'public, max-age=600'),
  }),
  front('large bodies are refused', 'origin-body: body-cut', {
    answers: (request, response) => {
      if (Number(request.headers['content-length']) < 100_000) return false;
      request.resume();
      response.writeHead(413, { server: 'nginx' }).end('Request Entity Too Large');
      return true;
    },
  }),
  front('a proxy more than TRUSTED_PROXY_HOPS says', 'proxy-hops: hops-differ', {
    onRequest: ({ headers }) => {
      headers['x-forwarded-for'] = `${headers['x-forwarded-for']}, 10.1.2.3`;
    },
  }),
  front(
    'a proxy less than TRUSTED_PROXY_HOPS says',
    'proxy-hops: hops-differ',
    {},
    { TRUSTED_PROXY_HOPS: '2' },
  ),
  {
    name: 'the app still runs with another callback token',
    blamed: 'callback: callback-refused',
    make: () => ({ appEnv: { DINGTALK_CALLBACK_TOKEN: 'theTokenBefore' } }),
  },
  {
    name: 'the app still runs with another session key',
    blamed: 'origin: origin-elsewhere',
    make: () => ({ appEnv: { SESSION_KEYS: `1:${'f3b1c9'.repeat(3)}${'7a20d4e8'.repeat(3)}Zq` } }),
  },
];

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const DAY_MS = 86_400_000;

/** The app behind TLS: with an authority that this process knows, or does not. */
async function secureFront(
  scene: DoctorScene,
  {
    isKnown,
    days,
    plain,
    host = '127.0.0.1',
  }: { isKnown: boolean; days: number; plain?: number; host?: string },
) {
  const authority = createAuthority();
  const certificate = authority.issue({ host, until: new Date(Date.now() + days * DAY_MS) });
  const server = createServer(certificate, scene.listener);
  const port = await listen(server);
  const origin = `https://127.0.0.1:${port}`;
  if (isKnown) globalAgent.options.ca = authority.pem;
  scene.emulator.control.settings({ redirectUris: [`${origin}/api/oauth/callback`] });
  return {
    env: { PUBLIC_ORIGIN: origin },
    options: plain === undefined ? {} : { plainPort: plain },
    undo: () => {
      delete globalAgent.options.ca;
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The app's own address by https. */
export const certificates: BrokenSetUp[] = [
  {
    name: 'the certificate of PUBLIC_ORIGIN is nobody’s',
    blamed: 'origin: origin-certificate',
    make: (scene) => secureFront(scene, { isKnown: false, days: 90 }),
  },
  {
    name: 'plain http stays plain',
    blamed: 'plain-http: plain-http-open',
    async make(scene) {
      const plain = createPlainServer((_, response) => response.end('Welcome to nginx!'));
      const made = await secureFront(scene, { isKnown: true, days: 90, plain: await listen(plain) });
      return { ...made, undo: () => [made.undo(), plain.close()] };
    },
  },
  {
    name: 'the certificate of PUBLIC_ORIGIN is for another name',
    blamed: 'origin: origin-certificate',
    make: (scene) => secureFront(scene, { isKnown: true, days: 90, host: 'portal.example.com' }),
  },
  {
    name: 'the certificate of PUBLIC_ORIGIN has ended',
    blamed: 'origin: origin-certificate',
    make: (scene) => secureFront(scene, { isKnown: true, days: -1 }),
  },
  {
    name: 'the certificate of PUBLIC_ORIGIN ends soon',
    blamed: 'origin-certificate: certificate-ends',
    make: (scene) => secureFront(scene, { isKnown: true, days: 3 }),
  },
];
