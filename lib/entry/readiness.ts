import 'server-only';
import { type SignInHealth, signInHealth } from '../auth/sign-in-health';
import { lastReport, type PublicReport, publicPartOf } from '../doctor/app-report';
import { lifecycle } from '../lifecycle';
import { sessions } from '../session/sessions';

/** Why requests should go to another process. What no other process could do better is no reason. */
type NotReady = 'starting' | 'draining' | 'database';

export interface Readiness {
  /** Undefined: requests may come. */
  notReady: NotReady | undefined;
  signIn: SignInHealth;
  /** All sessions ended, because the database is an older copy; ISO 8601. Shown for a day. */
  restoredAt?: string | undefined;
  /** What the doctor found when it was last here; undefined before. */
  checks?: PublicReport | undefined;
}

const RESTORED_MS = 86_400_000;

/** Whether requests may come, and how sign-ins fare. Never throws. */
export async function readiness(): Promise<Readiness> {
  const notReady = lifecycle().draining ? 'draining' : lackingRecords();
  const report = lastReport();
  const checks = report && publicPartOf(report);
  return { notReady, signIn: await signInHealth(), restoredAt: lastRestored(), checks };
}

function lastRestored(): string | undefined {
  try {
    const at = sessions().view.restoredAt();
    return at !== undefined && Date.now() - at < RESTORED_MS ? new Date(at).toISOString() : undefined;
  } catch {
    return undefined;
  }
}

function lackingRecords(): NotReady | undefined {
  try {
    const { view } = sessions();
    if (view.isFresh()) return undefined;
    return view.hasLooked() ? 'database' : 'starting';
  } catch {
    return 'database';
  }
}
