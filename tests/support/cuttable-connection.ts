import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line between an app and DingTalk that can be cut: then connections are refused, as by a host that is down. */
export interface Switch {
  url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a line on loopback to a port of loopback. */
export async function startSwitch(to: number): Promise<Switch> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(to, '127.0.0.1');
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('error', () => undefined).once('close', () => sockets.delete(end));
    }
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const mend = async () => {
    if (!server.listening) await listen(port);
  };
  return { url: `http://127.0.0.1:${port}`, cut, mend, close: cut };
}
