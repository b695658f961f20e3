import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Answer } from '../platform/answers';
import type { Fault } from '../platform/fault-kinds';
import { toBytes } from './fault-answers';

const MEGABYTE = 1_000_000;
const lastResponses = new WeakMap<Socket, ServerResponse>();
const closing = new WeakSet<Socket>();

/** Notes that a request came over this socket. True when a fault has closed it meanwhile: no answer is due. */
export function isClosing(req: IncomingMessage, res: ServerResponse): boolean {
  lastResponses.set(req.socket, res);
  if (!closing.has(req.socket)) return false;
  req.socket.resetAndDestroy();
  return true;
}

/** Sends an answer as a healthy server does. */
export function send(res: ServerResponse, answer: Answer): void {
  const bytes = toBytes(answer.body);
  res.writeHead(answer.status, headersOf(answer, bytes.length)).end(bytes);
}

/** Breaks the connection instead of answering. @param answer what would have been sent, for a reset in its midst */
export async function breakOff(
  fault: Fault & { kind: 'reset' | 'hangup' | 'blackhole' },
  { req, res, answer }: { req: IncomingMessage; res: ServerResponse; answer: Answer | undefined },
): Promise<void> {
  if (fault.kind === 'reset') {
    if (answer && fault.afterBytes > 0) {
      const bytes = toBytes(answer.body);
      res.writeHead(answer.status, headersOf(answer, bytes.length));
      res.write(bytes.subarray(0, fault.afterBytes));
      // A reset overtakes bytes that the other side has not read yet.
      await sleep(30);
    }
    req.socket.resetAndDestroy();
    return;
  }
  req.resume();
  if (fault.kind === 'hangup') {
    if (!req.complete) await new Promise((resolve) => req.once('close', resolve).once('end', resolve));
    req.socket.end();
  }
}

/** Streams `bytes` of well-formed JSON, plain or as a small gzip that unpacks to them. */
export async function flood(
  res: ServerResponse,
  fault: Fault & { kind: 'huge' | 'gzipBomb' },
): Promise<void> {
  const zipped = fault.kind === 'gzipBomb';
  const wrap = zipped ? (text: string) => gzipSync(text) : (text: string) => Buffer.from(text);
  const block = wrap('a'.repeat(MEGABYTE));
  function* blocks() {
    yield wrap('{"errcode":0,"errmsg":"ok","result":{"name":"');
    for (let sent = 0; sent < fault.bytes; sent += MEGABYTE) {
      const rest = fault.bytes - sent;
      yield rest < MEGABYTE ? wrap('a'.repeat(rest)) : block;
    }
    yield wrap('"}}');
  }
  const contentType = 'application/json;charset=UTF-8';
  res.writeHead(200, { 'content-type': contentType, ...(zipped ? { 'content-encoding': 'gzip' } : {}) });
  // The client may close the connection before the end.
  await pipeline(Readable.from(blocks()), res).catch(() => {});
}

/** Sends the endpoint's answer late, slowly, in part, or over a connection that then goes away. */
export async function deliver(res: ServerResponse, answer: Answer, fault: Fault): Promise<void> {
  const bytes = toBytes(answer.body);
  const headers = headersOf(answer, bytes.length);
  switch (fault.kind) {
    case 'delayHeaders':
      await sleep(fault.ms);
      return send(res, answer);
    case 'delayBody':
      res.writeHead(answer.status, headers).flushHeaders();
      await sleep(fault.ms);
      res.end(bytes);
      return;
    case 'trickle':
      res.writeHead(answer.status, headers).flushHeaders();
      return trickle(res, bytes, fault.bytesPerSecond);
    case 'truncate': {
      if (fault.chunked) delete headers['content-length'];
      res.writeHead(answer.status, headers);
      res.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => res.socket?.end());
      return;
    }
    case 'idleClose':
      // No keep-alive hint: the other side shall believe that the connection stays.
      res.writeHead(answer.status, { ...headers, connection: 'keep-alive' }).end(bytes, () => {
        closeWhenIdle(res, fault.idleMs);
      });
      return;
    default:
      return send(res, answer);
  }
}

function closeWhenIdle(res: ServerResponse, idleMs: number): void {
  const { socket } = res.req;
  if (idleMs === 0) {
    closing.add(socket);
    return;
  }
  const timer = setTimeout(() => {
    if (lastResponses.get(socket) === res) socket.destroy();
  }, idleMs);
  timer.unref();
}

async function trickle(res: ServerResponse, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  const step = Math.max(1, Math.floor(bytesPerSecond / 10));
  for (let at = 0; at < bytes.length && !res.destroyed; at += step) {
    res.write(bytes.subarray(at, at + step));
    await sleep((step / bytesPerSecond) * 1000, undefined, { ref: false });
  }
  res.end();
}

function headersOf(answer: Answer, length: number): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': answer.contentType, ...answer.headers };
  if (answer.status === 204 || answer.status === 304) return headers;
  return { 'content-length': String(length), ...headers };
}
