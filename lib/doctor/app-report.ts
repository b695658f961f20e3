import 'server-only';
import { requireAdministrator } from '../auth/administrator';
import { log } from '../log';
import { outsideRequest, singleton } from '../singleton';
import { CHECKS } from './checks';
import { type DoctorReport, runDoctor } from './doctor';
import { appStorageView } from './storage-view';

/** The doctor inside the running app: for `/admin`, `/api/ready` and the metrics. */

/** After the start, when the first sync is over; then once an hour. */
const FIRST_AFTER_MS = 10 * 60_000;
const EVERY_MS = 3_600_000;
/** A page that is opened again within it shows the same report. */
const FRESH_MS = 10_000;

const state = singleton('doctor', () => ({
  latest: undefined as DoctorReport | undefined,
  running: undefined as Promise<DoctorReport> | undefined,
}));

/** The latest report of this process; undefined before there is one. */
export function lastReport(): DoctorReport | undefined {
  return state().latest;
}

/** One run at a time. Nothing that counts against DingTalk's quota is called. */
function examineApp(): Promise<DoctorReport> {
  const current = state();
  const options = { isApp: true, maySpend: false, storage: appStorageView };
  current.running ??= outsideRequest(() =>
    runDoctor(options)
      .then((report) => {
        current.latest = report;
        return report;
      })
      .finally(() => {
        current.running = undefined;
      }),
  );
  return current.running;
}

/** Looks after this process from now on. */
export function startDoctor(): void {
  const look = () =>
    void examineApp().catch((error: unknown) => log().error({ event: 'doctor', err: error }));
  setTimeout(look, FIRST_AFTER_MS).unref();
  setInterval(look, EVERY_MS).unref();
}

/** For the page of administrators: a report of this moment. @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function adminReport(): Promise<DoctorReport> {
  await requireAdministrator();
  const latest = lastReport();
  return latest && Date.now() - latest.at - latest.ms < FRESH_MS ? latest : examineApp();
}

/** What strangers may know of a report: names of checks, none that would help an attacker. */
export interface PublicReport {
  /** ISO 8601. */
  at: string;
  warn: string[];
  bad: string[];
}

/** Of the latest report; undefined before there is one. */
export function publicReport(): PublicReport | undefined {
  const latest = lastReport();
  return latest && publicPartOf(latest);
}

export function publicPartOf({ at, findings }: DoctorReport): PublicReport {
  const isPublic = (id: string) => !CHECKS.find((check) => check.id === id)?.isPrivate;
  const named = (outcome: 'warn' | 'bad') =>
    findings.filter((finding) => finding.outcome === outcome && isPublic(finding.id)).map(({ id }) => id);
  return { at: new Date(at).toISOString(), warn: named('warn'), bad: named('bad') };
}
