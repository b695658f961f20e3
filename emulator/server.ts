import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { handleDingtalk } from './api/dingtalk';
import { isDingtalkPath } from './api/routes';
import { toAppPath } from './app-path';
import type { Company } from './company/company';
import type { OddNames } from './company/staff';
import { type Control, createControl } from './control/control';
import { handleControl, isControlPath } from './control/control-plane';
import type { ProtectedHost } from './platform/apps';
import { createPlatform, type Platform } from './platform/platform';
import { DEFAULT_PERMISSIONS, type Scope, type Settings } from './platform/settings';
import { STREAM_PATH } from './platform/stream-gateway';
import { enterAsOtherBrowser } from './workbench/other-browser';
import { createWorkbench } from './workbench/workbench';

/** How to start an emulator; every field has a default. */
export interface EmulatorOptions {
  /** 0, the default: any free port. */
  port?: number | undefined;
  /** Other names under which requests reach it, through a proxy or a resolver of a test's own; without port. */
  hosts?: string[] | undefined;
  /** People in the company; default 60. */
  members?: number | undefined;
  /** Departments under the root; default 12. */
  departments?: number | undefined;
  /** The same seed makes the same company; default 1. */
  seed?: number | undefined;
  /** Also virtual departments (−1, −7) and a school in the company's tree. */
  oddDepartments?: boolean | undefined;
  corpId?: string | undefined;
  corpName?: string | undefined;
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  agentId?: string | undefined;
  /** Where the app behind the workbench listens. */
  appUrl?: string | undefined;
  /** Below which path the app's pages are, such as `/door`; default: all of its origin. */
  appPath?: string | undefined;
  /** The app's origin as browsers see it. With it the emulator's other loopback name is another browser, without cookies. */
  appOrigin?: string | undefined;
  /** Hosts whose pages others wrote: the workbench opens them, in the client of the company. */
  protectedHosts?: ProtectedHost[] | undefined;
  /** The app's latest log lines, oldest first, for the workbench to look in. */
  appLog?: (() => readonly string[]) | undefined;
  /** The app's file of access rules, for the workbench's panel. */
  rulesFile?: string | undefined;
  /** Where the names that break software stand: among the others, at the end of the list, or nowhere. */
  oddNames?: OddNames | undefined;
  /** Registered redirect URLs; default: the app's callback, by its own address and through the workbench. */
  redirectUris?: string[] | undefined;
  enforceQps?: boolean | undefined;
  qps?: number | undefined;
  permissions?: string[] | undefined;
  scope?: Scope | undefined;
  ipWhitelist?: string[] | undefined;
}

/** A running emulator. */
export interface Emulator {
  readonly url: string;
  readonly port: number;
  readonly corpId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly agentId: string;
  readonly company: Company;
  readonly control: Control;
  /** Answers a request that came in by another port. */
  serve(req: IncomingMessage, res: ServerResponse): void;
  /** Stops at once: stalled and half-answered connections are cut. */
  close(): Promise<void>;
}

/** Starts the stand-in for DingTalk on loopback. @throws when the port is taken, or `appPath` is not a path */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const appPath = toAppPath(options.appPath ?? '');
  const server = createServer();
  // A blackhole must stay black for longer than any deadline under test.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const platform = platformFor({ ...options, appPath }, port);
  const control = createControl(platform);
  const workbench = createWorkbench({
    appUrl: options.appUrl,
    appOrigin: options.appOrigin,
    appPath,
    appLog: options.appLog,
    rulesFile: options.rulesFile,
    platform,
    control,
  });

  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  function serve(req: IncomingMessage, res: ServerResponse): void {
    const path = pathOf(req.url);
    const isProtected = platform.protectedHosts.some(({ host }) => host === req.headers.host);
    if (options.appOrigin && !isProtected && !path.startsWith('/__emulator/'))
      enterAsOtherBrowser(req, res, options.appOrigin);
    const handled = isControlPath(path)
      ? handleControl(platform, control, { req, res })
      : isDingtalkPath(path) && !isProtected
        ? handleDingtalk(platform, req, res)
        : workbench.handleRequest(req, res);
    // Without a listener a client that disconnects would end the process.
    res.on('error', () => {});
    Promise.resolve(handled).catch(() => res.destroy());
  }
  server.on('request', (req, res) => (isOwnHost(platform.hosts, req) ? serve(req, res) : refuseHost(res)));
  server.on('upgrade', (req, socket, head) => {
    if (!isOwnHost(platform.hosts, req)) socket.destroy();
    else if (pathOf(req.url) === STREAM_PATH) platform.events.gateway.handleUpgrade(req, socket, head);
    else workbench.handleUpgrade(req, socket, head);
  });

  const close = () =>
    new Promise<void>((resolve) => {
      platform.events.close();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  const { app, company, url } = platform;
  return { url, port, ...app, company, control, serve, close };
}

/** The platform that the options describe, at the port where it is reached. */
function platformFor(options: EmulatorOptions, port: number): Platform {
  const url = `http://127.0.0.1:${port}`;
  const protectedHosts = (options.protectedHosts ?? []).map((one) => ({
    ...one,
    // A name without a port is reached by the emulator's own.
    host: one.host.includes(':') ? one.host : `${one.host}:${port}`,
  }));
  return createPlatform({
    app: {
      corpId: options.corpId ?? 'dingemulator0001corp',
      clientId: options.clientId ?? 'dingemulatorapp00key1',
      clientSecret: options.clientSecret ?? 'emulator-client-secret-that-opens-nothing-0001',
      agentId: options.agentId ?? '4100200300',
    },
    corpName: options.corpName ?? '青禾智能科技',
    members: options.members ?? 60,
    departments: options.departments ?? 12,
    seed: options.seed ?? 1,
    oddDepartments: options.oddDepartments,
    oddNames: options.oddNames,
    settings: initialSettings(options, url),
    url,
    protectedHosts,
    hosts: [
      ...[`127.0.0.1:${port}`, `localhost:${port}`, ...(options.hosts ?? [])],
      ...protectedHosts.map(({ host }) => host),
    ],
    appOrigins: options.appUrl === undefined ? [] : [new URL(options.appUrl).origin],
  });
}

function initialSettings(options: EmulatorOptions, url: string): Settings {
  const callback = `${options.appPath ?? ''}/api/oauth/callback`;
  const origins = options.appUrl === undefined ? [url] : [url, new URL(options.appUrl).origin];
  return {
    tokenLifeSeconds: 7200,
    permissions: options.permissions ?? [...DEFAULT_PERMISSIONS],
    scope: options.scope ?? 'all',
    qps: options.qps ?? 20,
    enforceQps: options.enforceQps ?? true,
    monthlyCalls: null,
    ipWhitelist: options.ipWhitelist ?? [],
    latencyMs: 0,
    refusedHosts: [],
    redirectUris: options.redirectUris ?? origins.map((origin) => `${origin}${callback}`),
    oauthParameters: 'both',
    separateHosts: false,
    permissionText: 'apply-link',
  };
}

// A name of another site that was made to resolve to loopback (DNS rebinding) must find nothing here.
function isOwnHost(hosts: readonly string[], { headers: { host = '' } }: IncomingMessage): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  return hosts.some((own) => own.replace(/:\d+$/, '') === name);
}

function refuseHost(res: ServerResponse): void {
  res.writeHead(403, { 'content-type': 'application/json;charset=utf-8', connection: 'close' });
  res.end(JSON.stringify({ error: 'the emulator answers to its loopback names only' }));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function pathOf(url = '/'): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
