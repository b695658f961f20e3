import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxyServer } from 'httpxy';

/** A load balancer in front of several processes of the app: each request goes to the next one that lives. */
export interface Balancer {
  url: string;
  close(): void;
}

const HEALTH_INTERVAL_MS = 500;
/** Says which process has answered, from 1. */
const MACHINE_HEADER = 'x-demo-machine';

/** @param appPath below which the app's pages are. Without stickiness, so that nothing works because a browser happens to meet the same process again. */
export async function startBalancer(targets: readonly string[], appPath = ''): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const proxy = createProxyServer();
  const healthy = new Set(targets);
  const timer = setInterval(() => void Promise.all(targets.map(check)), HEALTH_INTERVAL_MS);
  let turn = 0;

  async function check(target: string): Promise<void> {
    const answer = await fetch(`${target}${appPath}/api/ready`, { signal: AbortSignal.timeout(2000) }).catch(
      () => undefined,
    );
    if (answer?.ok) healthy.add(target);
    else healthy.delete(target);
  }

  function nextTarget(): string {
    turn += 1;
    const candidates = healthy.size > 0 ? targets.filter((target) => healthy.has(target)) : targets;
    return candidates[turn % candidates.length]!;
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = nextTarget();
    response.setHeader(MACHINE_HEADER, String(targets.indexOf(target) + 1));
    try {
      await proxy.web(request, response, { target, agent });
    } catch {
      healthy.delete(target);
      // Half an answer must not look like a whole one.
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { 'retry-after': '1' }).end();
    }
  }

  const server = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
