import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { openCorpus } from '../support/corpus';
import { startDirectoryApp } from '../support/directory-app';
import { type Gate, HostVisitor } from '../support/gate';
import { signedIn, type Visitor } from '../support/http-session';
import { freePort } from '../support/port';
import { send } from '../support/raw-request';

const ORIGIN = 'https://app.example.com';
const WIKI = 'wiki.example.com';
const OTHER = 'a.apps.example.com';
const SECRET = 'a-secret-of-the-proxies-of-this-test';
const IDENTITY = ['remote-user', 'remote-name', 'remote-email', 'remote-groups', 'x-dingpass-jwt'];
const folder = mkdtempSync(join(tmpdir(), 'gate-corpora-'));

interface HeaderEntry {
  id: string;
  name: string;
  peer: 'proxy' | 'stranger';
  session: 'none' | 'A' | 'revoked' | 'copied';
  headers: Record<string, string | string[]>;
  expect: { status: number | number[]; identity: string | null; cacheControl?: string };
}
interface TargetEntry {
  id: string;
  input: string;
  note: string;
  expect: { decision: 'accept' | 'reject' };
}

let emulator: Emulator;
let app: App;
let gate: Gate;
let userid: string;
let member: Visitor;
/** The cookies of each kind of session, as `Cookie` headers. */
const cookies: Record<string, string> = { none: '', copied: '' };

const cookieOf = (browser: HostVisitor) => [...browser.cookies].map((pair) => pair.join('=')).join('; ');

beforeAll(async () => {
  emulator = await startEmulator({ members: 20, departments: 3, enforceQps: false });
  userid = emulator.company.people.find(({ active }) => active)!.userid;
  const rules = join(folder, 'access.jsonc');
  writeFileSync(
    rules,
    `[{ "at": "${WIKI}/*", "for": ["everybody"] }, { "at": "${OTHER}/*", "for": ["everybody"] }]`,
  );
  const port = await freePort();
  app = await startDirectoryApp({
    emulator,
    origin: ORIGIN,
    env: {
      ACCESS_FILE: rules,
      GATE_LISTEN: `127.0.0.1:${port}`,
      GATE_HOSTS: `${WIKI},*.apps.example.com`,
      GATE_PROXY_SECRET: SECRET,
      DATA_DIR: join(folder, 'data'),
    },
  });
  gate = { url: `http://127.0.0.1:${port}`, app, secret: SECRET };
  member = await signedIn(app, emulator, userid);
  const browser = new HostVisitor(gate, WIKI);
  await browser.signIn(member);
  cookies.A = cookieOf(browser);
  const leaving = await signedIn(app, emulator, userid);
  const revoked = new HostVisitor(gate, WIKI);
  await revoked.signIn(leaving);
  cookies.revoked = cookieOf(revoked);
  await leaving.ask('/api/session', { method: 'DELETE', headers: { origin: ORIGIN } });
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

/** A ticket where the entry brings one: as a query of the gate's own address, which is where a browser brings it. */
async function ticketRequest({ headers, session }: HeaderEntry) {
  const browser = new HostVisitor(gate, headers.ticket === '{{TICKET_OTHER_HOST}}' ? OTHER : WIKI);
  const from = session === 'revoked' ? await signedIn(app, emulator, userid) : member;
  const path = await browser.ticketFor(from);
  if (session === 'revoked')
    await from.ask('/api/session', { method: 'DELETE', headers: { origin: ORIGIN } });
  if (headers.times) {
    await browser.ask(path);
    browser.cookies.delete('__Host-dingpass-host');
  }
  const cookie = cookieOf(browser);
  return { path, headers: { host: WIKI, cookie, accept: 'text/html', 'x-dingpass-proxy-secret': SECRET } };
}

const forwardAuth = openCorpus<HeaderEntry>('forward-auth-headers');
forwardAuth.each(
  ({ name }) => name,
  async (entry) => {
    const asIs = {
      path: '/.dingpass/verify/forward-auth',
      headers: {
        cookie: String(entry.headers.cookie ?? cookies[entry.session]).replace(
          '{{WIKI_HOST_COOKIE}}',
          cookies.A!,
        ),
        ...(entry.peer === 'proxy' ? { 'x-dingpass-proxy-secret': SECRET } : {}),
        ...Object.fromEntries(Object.entries(entry.headers).filter(([key]) => key !== 'cookie')),
      },
    };
    const answer = await send(gate, 'ticket' in entry.headers ? await ticketRequest(entry) : asIs);
    expect([entry.expect.status].flat()).toContain(answer.status);
    const { location } = answer.headers;
    if (location !== undefined) expect(new URL(location).origin).toBe(ORIGIN);
    const said = IDENTITY.map((key) => answer.headers[key]);
    if (answer.status === 200) {
      expect(said).toEqual([userid, expect.any(String), '', '', '']);
      expect(answer.headers['cache-control']).toBe('no-store');
    } else expect(said.join('')).toBe('');
    expect(
      answer.headers['set-cookie']?.some(
        (line) => line.includes('dingpass-host=Fe26') || /dingpass-host=\w/.test(line),
      ) ?? false,
    ).toBe(false);
  },
);
forwardAuth.report({ total: 41, applying: 41 });

const targets = openCorpus<TargetEntry>('redirects-absolute-allowlist');
targets.each(
  ({ input, note }) => `${note}: ${JSON.stringify(input)}`,
  async ({ input, expect: expected }) => {
    const browser = new HostVisitor(gate, WIKI);
    const raw = Buffer.from(input, 'utf8')
      .toString('latin1')
      .replace(/[\t\\]/g, encodeURIComponent);
    const { status, headers } = await browser.ask(`/.dingpass/sign-in?rd=${raw}`);
    expect(status).toBe(303);
    const there = new URL(headers.location!);
    expect([there.origin, there.pathname]).toEqual([ORIGIN, '/gate']);
    const back = await member.ask(there.pathname + there.search);
    const path = /^https:\/\/[^/?]*(.*)$/.exec(input)?.[1];
    const target = expected.decision === 'accept' ? path : '/';
    const { status: opened, headers: last } = await browser.ask(
      back.headers.get('location')!.replace(`https://${WIKI}`, ''),
    );
    expect([opened, last.location]).toEqual([303, `https://${WIKI}${target}`]);
  },
);
targets.report({ total: 18, applying: 18 });
