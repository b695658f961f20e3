import type { Agent } from 'node:http';
import WebSocket from 'ws';
import { createAgents, type ProxyFor } from '../agents';

/** Larger than any event that DingTalk sends: 500 people's ids are 50 KB. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** A WebSocket as the stream needs it. */
export interface StreamSocket {
  send(text: string): void;
  /** A ping frame of the protocol; the far end's library answers it, not its application. */
  ping(): void;
  /** Sends a close frame; the caller terminates some time later. */
  close(): void;
  /** Ends it at once. No listener is called after it. */
  terminate(): void;
}

export interface SocketListeners {
  onOpen(): void;
  onText(text: string): void;
  /** Anything at all came in, control frames included. */
  onSign(): void;
  /** Once, whatever the reason: closed, reset, or never opened. */
  onEnd(reason: string): void;
}

export type OpenSocket = (url: URL, listeners: SocketListeners) => StreamSocket;

/** Opens WebSockets with `ws`. TLS is always verified, redirects are not followed, nothing is decompressed. */
export function createOpenSocket({ proxyFor }: { proxyFor?: ProxyFor | undefined } = {}): OpenSocket {
  // A kept-alive connection of another request may be dead, and would cost an attempt.
  const agentFor = createAgents({ proxyFor, keepAlive: false });
  return (url, listeners) => listen(connect(url, agentFor(url)), listeners);
}

function connect(url: URL, agent: Agent): WebSocket {
  return new WebSocket(url, {
    agent,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    // Otherwise NODE_TLS_REJECT_UNAUTHORIZED=0 has any certificate accepted, and the ticket handed to its owner.
    rejectUnauthorized: true,
  });
}

function listen(socket: WebSocket, listeners: SocketListeners): StreamSocket {
  let ended = false;
  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    socket.terminate();
    listeners.onEnd(reason);
  };
  const sign = () => {
    if (!ended) listeners.onSign();
  };
  socket.on('open', () => {
    if (!ended) listeners.onOpen();
  });
  socket.on('message', (data, isBinary) => {
    sign();
    if (!ended && !isBinary) listeners.onText(String(data));
  });
  socket.on('ping', sign);
  socket.on('pong', sign);
  socket.on('unexpected-response', (request, response) => {
    request.destroy();
    end(`http-${response.statusCode}`);
  });
  socket.on('close', (code) => end(`closed-${code}`));
  // Also after the end: an error without a listener would end the process.
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'socket-error'));
  const whileOpen = (act: () => void) => {
    if (socket.readyState === WebSocket.OPEN) act();
  };
  return {
    send: (text) => whileOpen(() => socket.send(text)),
    ping: () => whileOpen(() => socket.ping()),
    close: () => whileOpen(() => socket.close(1000)),
    terminate() {
      ended = true;
      socket.terminate();
    },
  };
}
