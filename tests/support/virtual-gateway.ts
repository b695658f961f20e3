import type { Client } from '../../lib/dingtalk/client';
import { DingTalkError } from '../../lib/dingtalk/errors';
import type { OpenSocket, SocketListeners } from '../../lib/dingtalk/stream/socket';
import type { VirtualTime } from './virtual-time';

/** What is wrong with the gateway, or the way to it. */
export type GatewayFault =
  /** No connection can be had, those there are end. */
  | 'killed'
  /** Connections stand and new ones are taken, and nothing is ever said on them. */
  | 'silent'
  /** Connections answer pings, and bring nothing. */
  | 'mute'
  /** The far end has forgotten its connections, the near end does not know; new ones are fine. */
  | 'half-open'
  | 'no-ticket'
  | 'ticket-hangs'
  | 'handshake-hangs'
  | 'ticket-expired'
  | 'credentials-refused';

interface Line {
  listeners: SocketListeners;
  /** Nothing that happens here reaches the client any more. */
  isDeaf: boolean;
  isMute: boolean;
  isOpen: boolean;
  isGone: boolean;
}

const REDELIVERY_MS = 60_000;
const unreachable = (code: string) =>
  new DingTalkError('unreachable', { api: 'open', code, mayHaveHadEffect: true });

/** DingTalk's gateway in virtual time: tickets, connections, redelivery of what was not acknowledged, faults. */
export function createVirtualGateway(time: VirtualTime) {
  const lines: Line[] = [];
  const waiting = new Map<string, { sentAt: number | undefined; line: Line | undefined }>();
  const acks: Record<string, string>[] = [];
  let fault: GatewayFault | undefined;
  let opened = 0;
  let peak = 0;
  const after = (ms: number, run: () => void) => time.timers.set(run, ms);
  const live = () => lines.filter((line) => !line.isGone);

  const call: Client['call'] = (request) =>
    new Promise((resolve, reject) => {
      request.budget?.signal?.addEventListener('abort', () => reject(unreachable('timeout')));
      if (fault === 'ticket-hangs') return;
      after(20, () => {
        if (fault === 'killed' || fault === 'no-ticket') reject(unreachable('ECONNREFUSED'));
        else if (fault === 'credentials-refused') {
          reject(
            new DingTalkError('rejected', {
              api: 'open',
              code: 'invalidClientIdOrSecret',
              mayHaveHadEffect: true,
            }),
          );
        } else resolve({ endpoint: 'ws://gateway.test/connect', ticket: 'a ticket+' } as never);
      });
    });
  const client: Client = {
    call,
    warm: async () => undefined,
    isReachable: () => true,
    credentials: { clientId: 'dingexample', clientSecret: 'example-secret' },
  };

  const openSocket: OpenSocket = (_url, listeners) => {
    const line: Line = { listeners, isDeaf: false, isMute: false, isOpen: false, isGone: false };
    lines.push(line);
    peak = Math.max(peak, live().length);
    if (fault !== 'handshake-hangs') {
      after(30, () => {
        if (line.isGone) return;
        if (fault === 'killed') return drop(line, 'ECONNRESET');
        if (fault === 'ticket-expired') return drop(line, 'http-401');
        opened += 1;
        line.isOpen = true;
        line.isDeaf = fault === 'silent';
        line.isMute = fault === 'mute';
        listeners.onOpen();
        if (!line.isDeaf && !line.isMute) after(1, deliver);
      });
    }
    return {
      send: (text) => after(5, () => hear(line, text)),
      ping: () => after(10, () => !line.isDeaf && !line.isGone && listeners.onSign()),
      close: () => after(10, () => !line.isDeaf && drop(line, 'closed-1000')),
      terminate: () => {
        line.isGone = true;
      },
    };
  };

  function drop(line: Line, reason: string): void {
    if (line.isGone) return;
    line.isGone = true;
    line.listeners.onEnd(reason);
  }

  function hear(line: Line, text: string): void {
    if (line.isDeaf || line.isGone) return;
    const ack = JSON.parse(text);
    acks.push(ack);
    const id = ack.headers.messageId;
    if (JSON.parse(ack.data).status === 'SUCCESS') waiting.delete(id);
  }

  function say(line: Line, type: string, headers: Record<string, string>, data: object): void {
    if (line.isDeaf || line.isMute || line.isGone || !line.isOpen) return;
    const frame = { specVersion: '1.0', type, headers: { contentType: 'application/json', ...headers } };
    line.listeners.onSign();
    line.listeners.onText(JSON.stringify({ ...frame, data: JSON.stringify(data) }));
  }

  /** To a connection that the gateway takes for one: it does not know of the deaf. */
  function deliver(): void {
    const line = live().find(({ isOpen }) => isOpen);
    if (!line) return;
    for (const [id, entry] of waiting) {
      const isOut = entry.sentAt !== undefined && time.now() - entry.sentAt < REDELIVERY_MS;
      if (isOut && entry.line && !entry.line.isGone) continue;
      Object.assign(entry, { sentAt: time.now(), line });
      const headers = { topic: '*', messageId: id, eventType: 'user_leave_org', eventId: id };
      say(
        line,
        'EVENT',
        { ...headers, eventCorpId: 'ding', eventBornTime: '1700000000000' },
        { userId: [id] },
      );
    }
  }
  const beat = () => {
    deliver();
    after(1000, beat);
  };
  beat();

  return {
    client,
    openSocket,
    acks,
    emit(id: string) {
      waiting.set(id, { sentAt: undefined, line: undefined });
      deliver();
    },
    /** A frame of any kind to whoever is there. */
    say: (type: string, headers: Record<string, string>, data: object) => {
      for (const line of live()) say(line, type, headers, data);
    },
    raw(text: string) {
      for (const line of live()) line.listeners.onText(text);
    },
    setFault(kind: GatewayFault | undefined) {
      fault = kind === 'half-open' ? undefined : kind;
      for (const line of live()) {
        if (kind === 'killed') drop(line, 'ECONNRESET');
        if (kind === 'silent' || kind === 'half-open') line.isDeaf = true;
        if (kind === 'mute') line.isMute = true;
      }
    },
    drop: () => {
      for (const line of live()) drop(line, 'closed-1006');
    },
    /** Whether events would flow now. */
    isServing: () => live().some(({ isOpen, isDeaf, isMute }) => isOpen && !isDeaf && !isMute),
    waiting: () => waiting.size,
    opened: () => opened,
    peak: () => peak,
  };
}
