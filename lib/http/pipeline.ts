import 'server-only';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that may wait for the one before them; browsers and proxies send none ahead. */
const MAX_WAITING = 32;

const waiting = new WeakMap<Socket, (() => void)[]>();

/**
 * Serves the requests of one connection one after another, in the order in which they have to be answered anyway. Node
 * begins with all of them at once: 20,000 in a row would be 20,000 pages in memory at the same time. A client that
 * sends too many ahead loses the connection.
 */
export function serveInTurn(socket: Socket, response: ServerResponse, serve: () => void): void {
  if (socket.destroyed) return;
  const begin = () => {
    response.once('close', () => next(socket));
    serve();
  };
  const line = waiting.get(socket);
  if (!line) {
    waiting.set(socket, []);
    begin();
  } else if (line.length < MAX_WAITING) line.push(begin);
  else socket.destroy();
}

function next(socket: Socket): void {
  const begin = socket.destroyed ? undefined : waiting.get(socket)?.shift();
  if (begin) begin();
  else waiting.delete(socket);
}
