import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The gate in a process of its own, beside a server that does nothing: with the records and the directory of a folder. */
export interface GateProcess {
  gate: { port: number };
  bare: { port: number };
  pid: number;
  /** Cookies of each person on each host, as `Cookie` headers; sealed, and not yet opened. */
  cookies(people: readonly string[], hosts: readonly string[]): Promise<string[]>;
  /** How many seals were opened since the process began. */
  opened(): Promise<number>;
  close(): Promise<void>;
}

type Command = { kind: 'cookies'; people: readonly string[]; hosts: readonly string[] } | { kind: 'opened' };

const BUNDLE = 'node_modules/.cache/dingpass/gate-process.mjs';

let bundled: Promise<unknown> | undefined;

/** As the build bundles it: what guards server code throws outside of Next. */
function bundle(): Promise<unknown> {
  bundled ??= build({
    entryPoints: [fileURLToPath(import.meta.url)],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    external: ['esbuild'],
    alias: {
      'server-only': `${process.cwd()}/node_modules/server-only/empty.js`,
      'next/headers': 'next/headers.js',
      'next/navigation': 'next/navigation.js',
    },
    logLevel: 'warning',
  });
  return bundled;
}

export async function startGateProcess(env: Record<string, string>): Promise<GateProcess> {
  await bundle();
  const child = fork(BUNDLE, ['--serve'], {
    execArgv: ['--max-old-space-size=192'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...env },
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the gate process ended')));
  ended.catch(() => {});
  const reply = async () => (await Promise.race([once(child, 'message'), ended]))[0];
  const [gate, bare] = (await reply()) as [number, number];
  const order = (command: Command) => {
    child.send(command);
    return reply();
  };
  return {
    gate: { port: gate },
    bare: { port: bare },
    pid: child.pid ?? 0,
    cookies: (people, hosts) => order({ kind: 'cookies', people, hosts }),
    opened: () => order({ kind: 'opened' }),
    close: async () => {
      child.kill();
      await ended.catch(() => {});
    },
  };
}

let opened = 0;

/** Every seal is decrypted once when it is opened. */
function countOpenings(): void {
  const { subtle } = globalThis.crypto;
  const decrypt = subtle.decrypt.bind(subtle);
  subtle.decrypt = (...given: Parameters<typeof decrypt>) => {
    opened++;
    return decrypt(...given);
  };
}

async function sealAll(people: readonly string[], hosts: readonly string[]): Promise<string[]> {
  const { hostSessions, openHostSession } = await import('../lib/session/host-session');
  const { sessions } = await import('../lib/session/sessions');
  const issuedAt = Math.floor(Date.now() / 1000);
  const corpId = process.env.DINGTALK_CORP_ID ?? '';
  const draft = (userId: string, host: string) => ({
    id: randomUUID(),
    corpId,
    userId,
    name: '张伟',
    method: 'oauth' as const,
    issuedAt,
    expiresAt: issuedAt + 43_200,
    host,
    parentId: randomUUID(),
  });
  // One is entered, the others are of the same version: what is checked of them is what has ended.
  const first = draft(people[0] ?? '', hosts[0] ?? '');
  const since = await sessions().sequence();
  const line = { event: 'sign-in' as const, userId: first.userId, sessionId: first.id };
  const entered = await openHostSession(first, { since, client: 'desktop-browser' as never, line });
  if (!entered) throw new Error('no session');
  const { generation, epoch, sequence, databaseId } = entered.session;
  const version = { generation, epoch, sequence, databaseId };
  const cookies: string[] = [];
  for (const userId of people)
    for (const host of hosts)
      cookies.push((await hostSessions().seal({ ...draft(userId, host), ...version })).split(';')[0] ?? '');
  return cookies;
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

if (process.argv[2] === '--serve') {
  countOpenings();
  const { openDatabases } = await import('../lib/storage/databases');
  const { openRules } = await import('../lib/auth/access/rules');
  const { createGate } = await import('../gate/server');
  const { sessions } = await import('../lib/session/sessions');
  await openDatabases();
  sessions();
  await openRules();
  const bare = createServer((_request, response) => response.writeHead(200).end());
  const ports = [await portOf(createGate()), await portOf(bare)];
  process.on('message', async (command: Command) => {
    process.send?.(command.kind === 'opened' ? opened : await sealAll(command.people, command.hosts));
  });
  process.send?.(ports);
}
