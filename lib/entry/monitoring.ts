import 'server-only';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { informed } from '../alarm';
import { usedValues } from '../auth/used-values';
import { config } from '../config';
import { sendToGroup } from '../dingtalk/robot';
import { createTransport } from '../dingtalk/transport';
import { proxyFor } from '../dingtalk-client';
import { leaveUnguarded } from '../http/request-hooks';
import { lifecycle } from '../lifecycle';
import { log } from '../log';
import { metricsText } from '../metrics';
import { outsideRequest } from '../singleton';
import { alertMessage } from './alert-message';
import { createAlerts, type News, QUIET_MS } from './alerts';
import { setGauges } from './gauges';
import { type OperatingState, operatingState } from './operating-state';

const LOOK_EVERY_MS = 10_000;

/** Metrics where `METRICS_PORT` is set, alerts where `ALERT_WEBHOOK` is. Where it cannot listen, the process does not start. */
export async function startMonitoring(): Promise<void> {
  const { metrics, robot } = config();
  if (metrics) await listen(metrics);
  if (!metrics && !robot) return;
  const alert = robot ? alerting(robot) : async () => undefined;
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      const state = await operatingState();
      setGauges(state);
      await alert(state);
    } finally {
      busy = false;
    }
  };
  outsideRequest(() => setInterval(() => void look(), LOOK_EVERY_MS).unref());
  // The first scrape finds something; the start does not wait for it.
  void outsideRequest(look);
}

async function listen({ host, port }: { host: string; port: number }): Promise<void> {
  const server = createMetricsServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    process.stderr.write(`\nMETRICS_PORT ${host}:${port}: ${(error as Error).message}\n\n`);
    process.exit(1);
  }
  lifecycle().otherServers.push(server);
  log().info({ event: 'metrics-listening', host, port });
}

/** Answers `GET /metrics`, and nothing else. It costs a look at counters: nothing is asked for a scrape. */
export function createMetricsServer(): Server {
  const server = createServer({ requestTimeout: 5000, maxHeaderSize: 8192 }, async (request, response) => {
    const isMetrics = request.method === 'GET' && /^\/metrics(?:\?|$)/.test(request.url ?? '');
    const { type, text } = isMetrics ? await metricsText() : { type: 'text/plain', text: '' };
    response
      .writeHead(isMetrics ? 200 : 404, { 'content-type': type, 'cache-control': 'no-store' })
      .end(text);
  });
  leaveUnguarded(server);
  return server;
}

function alerting(robot: NonNullable<ReturnType<typeof config>['robot']>) {
  const { sync, syncIntervalSeconds } = config().directory;
  const transport = createTransport({ proxyFor: proxyFor() });
  let state: OperatingState;
  const alerts = createAlerts({
    settings: { intervalSeconds: sync ? syncIntervalSeconds : 0 },
    informed: informed(),
    send: (news) => sendToGroup(robot, alertMessage(news, state.signIn), { transport }),
    claim,
    conclude,
  });
  return async (latest: OperatingState) => {
    state = latest;
    await alerts.look(latest).catch((error: unknown) => log().warn({ event: 'alert', err: error }));
  };
}

const keyOf = ({ alert, isOver }: News) => `alert ${alert} ${isOver ? 'over' : 'begun'}`;

/** Processes see a fault at about the same time: one of them sends it. */
async function claim(news: News): Promise<'mine' | 'sent' | 'pending'> {
  try {
    if (await usedValues().use(keyOf(news), QUIET_MS)) return 'mine';
    return (await usedValues().detailOf(keyOf(news))) === 'sent' ? 'sent' : 'pending';
  } catch {
    return 'mine';
  }
}

async function conclude(news: News, wasSent: boolean): Promise<void> {
  const values = usedValues();
  const write = async () => {
    if (!wasSent) return values.release(keyOf(news));
    await values.put(keyOf(news), QUIET_MS, 'sent');
    // The opposite is news again.
    await values.release(keyOf({ ...news, isOver: !news.isOver }));
  };
  await write().catch(() => undefined);
}
