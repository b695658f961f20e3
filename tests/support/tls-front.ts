import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import type { Authority } from './certificates';

/** The hosts of DingTalk as they are reached from outside: TLS under their own names, with the emulator behind. */
export async function startTlsFront(options: {
  authority: Authority;
  to: number;
  /** Where Stream tickets lead: a name of this front. */
  streamHost: string;
}): Promise<{ port: number; close(): Promise<void> }> {
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>();
  const contextOf = (host: string) => {
    const context = contexts.get(host) ?? createSecureContext(options.authority.issue({ host }));
    contexts.set(host, context);
    return context;
  };
  const server = createServer({ SNICallback: (host, done) => done(null, contextOf(host)) });
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  server.on('request', (request, response) => {
    const { method, url } = request;
    // As a reverse proxy: the emulator answers to its own name only.
    const headers = { ...request.headers, host: `127.0.0.1:${options.to}` };
    const onward = httpRequest(
      { port: options.to, host: '127.0.0.1', method, path: url, headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { 'content-length': _, ...rest } = answer.headers;
          const isText = answer.headers['content-encoding'] === undefined;
          const body = Buffer.concat(chunks);
          response.writeHead(answer.statusCode!, rest);
          response.end(
            isText ? String(body).replace(/ws:\/\/127\.0\.0\.1:\d+/, `wss://${options.streamHost}`) : body,
          );
        });
      },
    );
    request.pipe(onward);
  });
  server.on('upgrade', (request, near) => {
    const far = connect(options.to, '127.0.0.1', () => {
      const own = { ...request.headers, host: `127.0.0.1:${options.to}` };
      const headers = Object.entries(own).map(([name, value]) => `${name}: ${value}\r\n`);
      far.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('')}\r\n`);
      far.pipe(near).pipe(far);
    });
    for (const end of [near, far]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
