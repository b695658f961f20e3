import 'server-only';
import { dingTalkClient } from '../dingtalk-client';
import type { MirrorState } from '../directory/mirror-state';
import { directoryStore } from '../directory/store';
import { lastReport } from '../doctor/app-report';
import type { DoctorReport } from '../doctor/doctor';
import { type ReceivedEvents, receivedEvents } from '../events/intake';
import type { LiveCounts } from '../session/session-store';
import { sessions } from '../session/sessions';
import { type MonthlyCalls, monthlyCalls } from '../storage/monthly-calls';
import { type QueueDepths, queueDepths } from '../storage/queue-depths';
import { type Readiness, readiness } from './readiness';

/** How the process and what all processes share fare. What the database does not tell is undefined. */
export interface OperatingState extends Pick<Readiness, 'notReady' | 'signIn'> {
  reachable: { api: boolean; oapi: boolean };
  events: ReceivedEvents;
  directory: Pick<MirrorState, 'state' | 'completeAsOf' | 'people'> | undefined;
  queues: QueueDepths | undefined;
  online: LiveCounts | undefined;
  calls: MonthlyCalls | undefined;
  /** Of the doctor's latest report here. */
  findings: DoctorReport['findings'];
}

/** Never throws. */
export async function operatingState(): Promise<OperatingState> {
  const [{ notReady, signIn }, directory, queues, online, calls] = await Promise.all([
    readiness(),
    known(() => directoryStore().state()),
    known(queueDepths),
    known(() => sessions().store.liveCounts()),
    known(() => monthlyCalls().state()),
  ]);
  const client = dingTalkClient();
  const reachable = { api: client.isReachable('api'), oapi: client.isReachable('oapi') };
  const findings = lastReport()?.findings ?? [];
  return {
    notReady,
    signIn,
    reachable,
    events: receivedEvents(),
    directory,
    queues,
    online,
    calls,
    findings,
  };
}

async function known<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
