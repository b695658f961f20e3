import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from './app';
import { type Authority, createAuthority } from './certificates';
import { startDirectoryApp, untilRead } from './directory-app';
import { type Gate, HostVisitor } from './gate';
import { signedIn } from './http-session';
import { freePort } from './port';
import type { ReverseProxy } from './reverse-proxies';
import { startUpstream, type Upstream } from './upstream';

/** The protected host behind the proxies of a test. */
export const HOST = 'wiki.example.com';
/** Another protected host, which everybody may open. */
export const SIBLING = 'team.example.com';
export const ORIGIN = 'https://app.example.com';
export const IDENTITY = ['remote-user', 'remote-name', 'remote-email', 'remote-groups', 'x-dingpass-jwt'];
export const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };

/** A built app with its gate, an upstream, and people with sessions on hosts: what stands behind a reverse proxy. */
export interface ProxiedGate {
  emulator: Emulator;
  app: App;
  gate: Gate;
  gatePort: number;
  upstream: Upstream;
  authority: Authority;
  /** Of the member whom the rules let in. */
  userid: string;
  /** `Cookie` headers: of that member, and of a member whom only the sibling host lets in. */
  cookies: { member: string; memberOnSibling: string; outsider: string; outsiderOnSibling: string };
  close(): Promise<void>;
}

export async function startProxiedGate(env: Record<string, string> = {}): Promise<ProxiedGate> {
  const emulator = await startEmulator({ members: 20, departments: 3, enforceQps: false });
  const [member, outsider] = emulator.company.people.filter(({ active }) => active);
  const folder = mkdtempSync(join(tmpdir(), 'proxied-gate-'));
  const rules = join(folder, 'access.jsonc');
  const tell = ['user', 'name', 'email', 'groups'];
  writeFileSync(
    rules,
    JSON.stringify([
      { at: `${HOST}/*`, for: [`person:${member!.userid}`], tell },
      { at: `${SIBLING}/*`, for: ['everybody'] },
    ]),
  );
  const gatePort = await freePort();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const app = await startDirectoryApp({
    emulator,
    origin: ORIGIN,
    env: {
      ACCESS_FILE: rules,
      GATE_LISTEN: `127.0.0.1:${gatePort}`,
      GATE_HOSTS: `${HOST},${SIBLING}`,
      GATE_KEYS: `1:${privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url')}`,
      DATA_DIR: join(folder, 'data'),
      ...env,
    },
  });
  const gate = { url: `http://127.0.0.1:${gatePort}`, app };
  await untilRead(await signedIn(app, emulator, member!.userid));
  const cookieOn = async (host: string, userid: string) => {
    const browser = new HostVisitor(gate, host);
    await browser.signIn(await signedIn(app, emulator, userid));
    return [...browser.cookies].map((pair) => pair.join('=')).join('; ');
  };
  const upstream = await startUpstream();
  return {
    emulator,
    app,
    gate,
    gatePort,
    upstream,
    authority: createAuthority(),
    userid: member!.userid,
    cookies: {
      member: await cookieOn(HOST, member!.userid),
      memberOnSibling: await cookieOn(SIBLING, member!.userid),
      outsider: await cookieOn(HOST, outsider!.userid),
      outsiderOnSibling: await cookieOn(SIBLING, outsider!.userid),
    },
    close: async () => {
      await upstream.close();
      await app.close();
      await emulator.close();
    },
  };
}

export interface ProxyAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface ProxyRequest {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer;
}

type Reached = Pick<ReverseProxy, 'port'> & { authority: Authority };

/** Asks a proxy over TLS, by the host's own name. */
export function askProxy(
  { port, authority }: Reached,
  path: string,
  { method = 'GET', headers = {}, body }: ProxyRequest = {},
): Promise<ProxyAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({
      host: '127.0.0.1',
      port,
      servername: HOST,
      ca: authority.pem,
      method,
      path,
      headers: { host: HOST, ...headers },
      agent: false,
    });
    outgoing.on('error', reject).on('response', (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text }));
    });
    outgoing.end(body);
  });
}

const GIVEN_UP_MS = 3000;
/** Nothing closes a connection that is kept: then silence is the end of the answer. */
const SILENCE_MS = 400;

/**
 * Sends bytes as they are, one a character, and reads until the proxy closes the connection.
 *
 * @param lines of the request's head; `Host` and `Connection: close` are added where they are not among them
 */
export function sendLines(
  { port, authority }: Reached,
  lines: readonly string[],
  body = '',
): Promise<string> {
  const has = (name: string) => lines.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const head = [
    ...lines,
    ...(has('host') ? [] : [`Host: ${HOST}`]),
    ...(has('connection') ? [] : ['Connection: close']),
  ];
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port, servername: HOST, ca: authority.pem }, () =>
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'),
    );
    socket
      .setEncoding('latin1')
      .setTimeout(has('connection') ? SILENCE_MS : GIVEN_UP_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {}).on('close', () => resolve(text));
  });
}

/** @returns what the upstream echoes to `hello`, or the status of the refusal */
export function openSocket({ port, authority }: Reached, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/socket`, {
      servername: HOST,
      ca: authority.pem,
      headers: { host: HOST, ...headers },
    } as ClientOptions);
    socket.on('open', () => socket.send('hello'));
    socket.on('message', (data) => {
      resolve(String(data));
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, { statusCode }) => {
      resolve(String(statusCode));
      socket.terminate();
    });
    socket.on('error', (error) => resolve(error.message));
  });
}
