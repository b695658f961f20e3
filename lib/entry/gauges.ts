import 'server-only';
import { config } from '../config';
import { observe } from '../metrics';
import type { OperatingState } from './operating-state';

const STATES = ['complete', 'partial', 'failed', 'none'] as const;

/** Puts a state into the metrics. */
export function setGauges({
  notReady,
  signIn,
  reachable,
  events,
  directory,
  queues,
  online,
  calls,
  findings,
}: OperatingState): void {
  const { sync, syncIntervalSeconds } = config().directory;
  const flag = (isTrue: boolean) => [{ value: Number(isTrue) }];
  observe('ready', flag(notReady === undefined));
  observe('signInOk', flag(signIn.ok));
  observe(
    'doctor',
    findings.map(({ id, outcome }) => ({ labels: { check: id, outcome }, value: 1 })),
  );
  observe(
    'circuitOpen',
    Object.entries(reachable).map(([host, isReachable]) => ({
      labels: { host },
      value: Number(!isReachable),
    })),
  );
  const { completeAsOf, state, people } = directory ?? {};
  observe(
    'directoryAge',
    completeAsOf === undefined ? [] : [{ value: Math.max(0, (Date.now() - completeAsOf) / 1000) }],
  );
  observe('directoryInterval', [{ value: sync ? syncIntervalSeconds : 0 }]);
  observe(
    'directoryState',
    state ? STATES.map((one) => ({ labels: { state: one }, value: Number(one === state) })) : [],
  );
  observe('directoryPeople', people === undefined ? [] : [{ value: people }]);
  const { status, received } = events.stream;
  observe('streamConnected', status === 'off' ? [] : flag(status === 'connected'));
  observe('streamEvents', status === 'off' ? [] : [{ value: received }]);
  observe(
    'queue',
    Object.entries(queues ?? {}).map(([queue, value]) => ({ labels: { queue }, value })),
  );
  observe(
    'sessions',
    (online?.clients ?? []).map(({ client, sessions }) => ({ labels: { client }, value: sessions })),
  );
  observe('people', online ? [{ value: online.people }] : []);
  observe(
    'monthlyCalls',
    Object.entries(calls?.byKind ?? {}).map(([kind, value]) => ({ labels: { kind }, value })),
  );
  observe('monthlyLimit', [{ value: config().monthlyCalls }]);
}
