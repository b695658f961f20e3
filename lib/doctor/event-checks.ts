import 'server-only';
import { z } from 'zod';
import { createProxyFor } from '../dingtalk/outgoing-proxy';
import { createOpenSocket } from '../dingtalk/stream/socket';
import { type ReceivedEvents, receivedEvents } from '../events/intake';
import { DAY_MS } from '../local-time';
import type { Database } from '../storage/database';
import { bad, type Check, ok, type Patient, type Result, warn } from './check';

/** Whether DingTalk tells of leavers, and has told anything lately. */

const HANDSHAKE_MS = 3000;
/** Of the address book, as the console and `dws` name them: those that this app acts on. */
export const EVENT_CODES =
  'user_add_org user_modify_org user_leave_org user_active_org org_admin_add org_admin_remove org_dept_create org_dept_modify org_dept_remove label_user_change'.split(
    ' ',
  );

const way: Check = {
  id: 'events',
  circle: 'dingtalk',
  run: ({ config: { stream, callback } }) => {
    if (!stream && !callback) return warn('events-off');
    return ok({ ways: [...(stream ? ['Stream'] : []), ...(callback ? ['HTTP'] : [])].join(' + ') });
  },
};

const stream: Check = {
  id: 'stream',
  circle: 'dingtalk',
  needs: ['token'],
  isWanted: ({ config }) => config.stream,
  run: async (patient) => {
    const running = patient.isApp ? receivedEvents().stream : undefined;
    if (running?.status === 'connected') return ok({ since: sinceOf(running, patient.now()) }, 'connected');
    const { host, failure } = await tryConnection(patient);
    return failure === undefined
      ? ok({ host })
      : bad('unreachable', { code: failure, api: host, subject: 'stream' });
  },
};

function sinceOf({ since = 0 }: ReceivedEvents['stream'], now: number): string {
  return `${Math.max(0, Math.round((now - since) / 1000))} s`;
}

/** Connects and leaves at once: an event that would come meanwhile is not acknowledged, and sent again. */
async function tryConnection({ client, config }: Patient): Promise<{ host: string; failure?: string }> {
  const { endpoint, ticket } = await client.call({
    host: 'api',
    method: 'POST',
    path: '/v1.0/gateway/connections/open',
    body: { ...client.credentials, ua: 'dingpass-doctor', subscriptions: [{ type: 'EVENT', topic: '*' }] },
    schema: z.object({ endpoint: z.url({ protocol: /^wss?$/ }), ticket: z.string().min(1).max(1024) }),
    token: 'none',
    repeatable: false,
  });
  const url = new URL(endpoint);
  const { host } = url;
  url.searchParams.set('ticket', ticket);
  const openSocket = createOpenSocket({ proxyFor: createProxyFor(config.outgoingProxy) });
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('timeout'), HANDSHAKE_MS);
    const end = (failure?: string) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(failure === undefined ? { host } : { host, failure });
    };
    const nothing = () => undefined;
    const socket = openSocket(url, { onOpen: () => end(), onText: nothing, onSign: nothing, onEnd: end });
  });
}

/** A read that finds leavers of whom no event told is looked back at for so long. */
const LATELY_MS = 30 * DAY_MS;

const silence: Check = {
  id: 'events-lately',
  circle: 'dingtalk',
  needs: ['events', 'database'],
  isWanted: ({ config: { stream: isOn, callback } }) => isOn || callback !== undefined,
  run: async (patient): Promise<Result> => {
    const { current } = await patient.storage();
    if (!current) return ok({}, 'none');
    const { records, directory } = current;
    const last = await latest(records, 'SELECT MAX(at) AS at FROM event');
    const leavers = await latest(
      directory,
      'SELECT MAX(started_at) AS at FROM directory_run WHERE removed > 0',
    );
    const isRecent = leavers !== undefined && leavers > patient.now() - LATELY_MS;
    if (isRecent && (last ?? 0) < leavers - DAY_MS)
      return warn('events-silent', { events: EVENT_CODES.join(','), since: dayOf(leavers) });
    return last === undefined ? ok({}, 'none') : ok({ last: dayOf(last) });
  },
};

async function latest(db: Database, sql: string): Promise<number | undefined> {
  return (await db.get<{ at: number | null }>(sql))?.at ?? undefined;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

export const eventChecks: readonly Check[] = [way, stream, silence];
