import 'server-only';
import { appChecks } from './app-checks';
import { callbackCheck } from './callback-check';
import type { Check } from './check';
import { clockCheck } from './clock-check';
import { consoleChecks } from './console-checks';
import { eventChecks } from './event-checks';
import { gateAppsCheck, gateChecks } from './gate-checks';
import { machineChecks } from './machine-checks';
import { originChecks } from './origin-checks';
import { permissionChecks } from './permission-checks';
import { quotaCheck, storageChecks } from './storage-checks';

/** Before there is anything to check: whether the settings can be read. */
export const SETTINGS: Check = { id: 'settings', circle: 'local', run: () => ({ outcome: 'ok' }) };

/** Every check, what is needed before what needs it. The doctor, `/admin`, `/api/ready` and the metrics have this list. */
export const CHECKS: readonly Check[] = inOrder([
  ...machineChecks,
  ...storageChecks,
  ...originChecks,
  ...gateChecks,
  clockCheck,
  ...appChecks,
  quotaCheck,
  ...permissionChecks,
  gateAppsCheck,
  ...eventChecks,
  callbackCheck,
  ...consoleChecks,
]);

/** The order in which they are shown is that of the circles. */
function inOrder(checks: readonly Check[]): Check[] {
  const circles = ['local', 'dingtalk', 'console'];
  return [...checks].sort((a, b) => circles.indexOf(a.circle) - circles.indexOf(b.circle));
}
