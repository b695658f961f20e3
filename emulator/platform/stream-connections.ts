import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from './clock';

/** One WebSocket of an app. */
export interface StreamConnection {
  readonly id: string;
  /** Open, but nothing is read and nothing is sent. */
  isDeaf: boolean;
  /** Pings of the protocol are answered, and nothing else happens. */
  isMute: boolean;
  /** A `disconnect` frame was sent: nothing new is sent on it. */
  isLeaving: boolean;
  /** @param data becomes a text within the frame, as DingTalk does it */
  send(type: 'SYSTEM' | 'EVENT', headers: Record<string, string>, data: object): void;
  close(): void;
  /** Ends TCP regularly, without a close frame. */
  end(): void;
  /** A close frame, after which TCP stays open. */
  sendClose(): void;
  /** A TCP reset, as when the gateway's machine crashes. */
  kill(): void;
}

/** What an app answered to a frame. */
export interface StreamAck {
  code: number;
  messageId: string;
  /** Of the data: `SUCCESS` or `LATER`; undefined where it has none. */
  status: string | undefined;
}

/** Turns an upgraded HTTP request into a connection. */
export function createConnections({ clock }: { clock: Clock }) {
  const server = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: 1024 * 1024 });

  function toConnection(socket: WebSocket, raw: Duplex, onAck: (ack: StreamAck) => void): StreamConnection {
    const connection: StreamConnection = {
      id: randomUUID(),
      isDeaf: false,
      isMute: false,
      isLeaving: false,
      send(type, headers, data) {
        if (connection.isDeaf || connection.isMute) return;
        const time = String(clock.now());
        const common = { contentType: 'application/json', connectionId: connection.id, time };
        const frame = {
          specVersion: '1.0',
          type,
          headers: { messageId: randomUUID(), ...common, ...headers },
        };
        socket.send(JSON.stringify({ ...frame, data: JSON.stringify(data) }));
      },
      close: () => socket.close(1000),
      end: () => raw.end(),
      sendClose() {
        // ws would end TCP once it read the answer: it reads no more, and the frame (FIN, opcode 8, 1000) is written by hand.
        raw.removeAllListeners('data').resume();
        raw.write(Buffer.from([0x88, 0x02, 0x03, 0xe8]));
      },
      kill: () =>
        'resetAndDestroy' in raw
          ? (raw as Duplex & { resetAndDestroy(): void }).resetAndDestroy()
          : raw.destroy(),
    };
    socket.on('ping', (data) => {
      if (!connection.isDeaf) socket.pong(data);
    });
    socket.on('message', (text) => {
      if (!connection.isDeaf) onAck(readAck(String(text)));
    });
    socket.on('error', () => {});
    return connection;
  }

  return {
    /** @param listeners.onEnd called when the TCP connection is gone, ended by either side */
    accept(
      upgrade: { req: IncomingMessage; socket: Duplex; head: Buffer },
      listeners: {
        onOpen(connection: StreamConnection): void;
        onAck(ack: StreamAck, connection: StreamConnection): void;
        onEnd(connection: StreamConnection): void;
      },
    ): void {
      const { req, socket: raw, head } = upgrade;
      server.handleUpgrade(req, raw, head, (socket) => {
        const connection = toConnection(socket, raw, (ack) => listeners.onAck(ack, connection));
        socket.on('close', () => listeners.onEnd(connection));
        listeners.onOpen(connection);
      });
    },
  };
}

function readAck(text: string): StreamAck {
  try {
    const { code, headers, data } = JSON.parse(text);
    const answer = typeof data === 'string' ? JSON.parse(data) : undefined;
    const status = typeof answer?.status === 'string' ? answer.status : undefined;
    return { code: Number(code), messageId: String(headers?.messageId), status };
  } catch {
    return { code: 0, messageId: '', status: undefined };
  }
}
