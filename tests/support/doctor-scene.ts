import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { withBasePath, withoutBasePath } from '../../lib/base-path';
import { parseConfig } from '../../lib/config';
import type { Finding } from '../../lib/doctor/check';
import { describeFinding } from '../../lib/doctor/description';
import { type DoctorOptions, type DoctorReport, runDoctor } from '../../lib/doctor/doctor';
import { reportLines } from '../../lib/doctor/report-lines';
import { setApiSecurityHeaders } from '../../lib/http/security-headers';
import { appEnv } from './app';
import { forgetSingletons } from './in-process-app';

type Environment = Record<string, string>;

/** What a reverse proxy does wrong. */
export interface Front {
  /** Changes the request before the app has it. */
  onRequest?(request: IncomingMessage): void;
  /** Changes the answer's headers before they are sent. */
  onAnswer?(headers: Headers): void;
  /** Answers by itself. @returns whether it did */
  answers?(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface DoctorScene {
  emulator: Emulator;
  /** A right set-up. */
  env: Environment;
  /** The app's routes that the doctor asks, with the front's faults, for a server of a test's own. */
  listener: RequestListener;
  front: Front;
  /** Runs the doctor with these settings instead of the right ones. @param options.appEnv settings that the app still runs with */
  examine(env?: Environment, options?: DoctorOptions & { appEnv?: Environment }): Promise<DoctorReport>;
  /** Everything in DingTalk is right again. */
  mend(): void;
  close(): Promise<void>;
}

/** Of a host behind the gate. */
export const HOST_APP = { clientId: 'dingwikiapp00key1', clientSecret: 'a-secret-of-a-host-app' };

/** An emulator, the app's routes in this process, and right settings for both: a test makes one thing wrong. */
export async function startDoctorScene(): Promise<DoctorScene> {
  const emulator = await startEmulator({
    members: 30,
    redirectUris: [],
    protectedHosts: [{ host: 'wiki.example.com', name: '知识库', app: HOST_APP }],
  });
  const scene: DoctorScene = {
    emulator,
    env: {},
    front: {},
    listener: (request, response) => void serve(scene.front, request, response),
    async examine(changes = {}, { appEnv: changesOfApp = changes, ...options } = {}) {
      forgetSingletons();
      vi.unstubAllEnvs();
      for (const [name, value] of Object.entries({ ...scene.env, ...changesOfApp })) vi.stubEnv(name, value);
      const settings = () => parseConfig({ ...scene.env, ...changes });
      return runDoctor({ settings, ...options });
    },
    mend() {
      emulator.control.reset();
      emulator.control.events.stream({ mode: 'normal' });
      emulator.control.settings({
        redirectUris: [scene.env.PUBLIC_ORIGIN + withBasePath('/api/oauth/callback')],
      });
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      vi.unstubAllEnvs();
      await emulator.close();
    },
  };
  const server = createServer(scene.listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  scene.env = rightSettings(emulator, origin);
  scene.mend();
  return scene;
}

function rightSettings(emulator: Emulator, origin: string): Environment {
  return {
    ...appEnv(emulator, origin),
    DINGTALK_OAPI_URL: emulator.url.replace('127.0.0.1', 'localhost'),
    DINGTALK_AGENT_ID: emulator.agentId,
    DINGTALK_STREAM: 'on',
    DINGTALK_CALLBACK_TOKEN: randomBytes(12).toString('hex'),
    DINGTALK_CALLBACK_AES_KEY: `${randomBytes(21).toString('hex')}a`,
    SESSION_KEYS: `1:${randomBytes(32).toString('hex')}`,
    SESSION_SEAL_KEY: '1',
    DATA_DIR: mkdtempSync(join(tmpdir(), 'dingpass-doctor-')),
    LOG_LEVEL: 'silent',
  };
}

async function serve(front: Front, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (front.answers?.(incoming, response)) return;
  front.onRequest?.(incoming);
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
  const headers = new Headers(incoming.headers as Record<string, string>);
  const request = new Request(url, { method: 'POST', headers, body: Buffer.concat(parts) });
  const answer = await answerOf(withoutBasePath(url.pathname), request);
  setApiSecurityHeaders(answer.headers);
  front.onAnswer?.(answer.headers);
  response.writeHead(answer.status, [...answer.headers].flat());
  response.end(await answer.text());
}

async function answerOf(path: string | undefined, request: Request): Promise<Response> {
  if (path === '/api/doctor') return (await import('../../app/api/doctor/route')).POST(request);
  if (path === '/api/dingtalk/events')
    return (await import('../../app/api/dingtalk/events/route')).POST(request);
  return new Response('{"error":{"code":"NOT_FOUND"}}', { status: 404 });
}

/** What the doctor blames, as `id: fault`. */
export function blamed({ findings }: DoctorReport): string[] {
  return findings.filter(isBlamed).map(({ id, fault }) => `${id}: ${fault}`);
}

function isBlamed({ outcome }: Finding): boolean {
  return outcome === 'bad' || outcome === 'warn';
}

/** Names of secrets that are in what the doctor says, as text or as JSON: there must be none. */
export function secretsIn(report: DoctorReport, env: Environment): string[] {
  const said = (['zh-CN', 'en'] as const).map((language) => [
    reportLines(report, language),
    report.findings.map((finding) => describeFinding(finding, language, report.region)),
  ]);
  const text = JSON.stringify([report, said]);
  const secrets = Object.entries({
    secret: env.DINGTALK_CLIENT_SECRET,
    key: env.SESSION_KEYS?.slice(2),
    token: env.DINGTALK_CALLBACK_TOKEN,
    aesKey: env.DINGTALK_CALLBACK_AES_KEY,
    database: 'a-database-password',
    proxy: 'a-proxy-password',
    hostApp: 'a-secret-of-a-host-app',
    ...learnedTokens(),
  });
  return secrets.filter(([, secret]) => secret && text.includes(secret)).map(([name]) => name);
}

/** App tokens that were fetched in this process. */
function learnedTokens(): Environment {
  const { learned = [] } =
    (globalThis as Record<symbol, { learned?: string[] } | undefined>)[Symbol.for('dingpass.secrets')] ?? {};
  return Object.fromEntries(learned.map((token, at) => [`app token ${at}`, token]));
}
