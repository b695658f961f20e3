import { findEndpoint } from '../api/routes';
import type { CallEntry } from '../platform/calls';
import { type ClientCodeRequest, type ClientError, judgeCodeRequest } from '../platform/client-code';
import { ControlError } from '../platform/control-error';
import type { EventControl } from '../platform/event-hub';
import { IMPOSSIBLE_KINDS } from '../platform/fault-kinds';
import { type ArmedFault, type FaultRequest, isFaultAlias } from '../platform/faults';
import { type ConfigRequest, type ConfigVerdict, judgeConfig } from '../platform/jsapi-config';
import type { Notice } from '../platform/notices';
import type { Platform } from '../platform/platform';
import { ROBOT, type RobotMessage } from '../platform/robots';
import { type Settings, type SettingsChange, settingsChange } from '../platform/settings';
import { type CodeOptions, mintCode } from './code-minting';
import { type CompanyControl, createCompanyControl } from './company-control';

/** The calls since the last reset. */
export interface CallReport {
  total: number;
  /** Those of this month that count against the company's quota. */
  counted: number;
  byEndpoint: Record<string, number>;
  /** 免登 and OAuth codes together. */
  codes: { minted: number; used: number };
  recent: CallEntry[];
}

/** The control plane's verbs, for tests in the same process. The HTTP routes call nothing else. */
export interface Control extends CompanyControl {
  mintCode(userid: string, options?: CodeOptions): string;
  /** A code as the client gives it to a page, or why it does not. */
  clientCode(request: ClientCodeRequest): { code: string } | ClientError;
  /** What DingTalk says of a page's `dd.config`. */
  judgeConfig(request: ConfigRequest): ConfigVerdict;
  fault(request: FaultRequest): { id: string };
  faults(): ArmedFault[];
  clearFaults(id?: string): void;
  advanceClock(advanceMs: number): void;
  clock(): { now: string; offsetMs: number };
  calls(): CallReport;
  reset(): void;
  /** Changes settings, or only reads them. */
  settings(change?: SettingsChange): Settings;
  revokeTokens(): void;
  /** A person's work notifications, newest first. */
  notices(userid: string): Notice[];
  /** A person has opened one. */
  readNotice(userid: string, taskId: number): void;
  /** The robot of the operators' group: its webhook and secret, and what it wrote, oldest first. */
  robot(): { webhook: string; secret: string; messages: RobotMessage[] };
  /** How many notices each person got. */
  delivered(): Record<string, number>;
  readonly events: EventControl;
}

/** Makes the verbs over a platform. */
export function createControl(platform: Platform): Control {
  const { clock, calls, faults } = platform;
  return {
    ...createCompanyControl(platform),
    events: platform.events.control,
    mintCode: (userid, options) => mintCode(platform, userid, options),
    clientCode(request) {
      const verdict = judgeCodeRequest(platform, request);
      return 'clientId' in verdict ? { code: mintCode(platform, request.userid, verdict) } : verdict;
    },
    judgeConfig: (request) => judgeConfig(platform, request),
    fault(request) {
      const kind = String((request as { fault?: { kind?: unknown } }).fault?.kind);
      const reason = IMPOSSIBLE_KINDS[kind];
      if (reason) throw new ControlError(400, `fault kind "${kind}" is not possible here: ${reason}`);
      const { endpoint } = request;
      if (typeof endpoint === 'string' && !isFaultAlias(endpoint) && !findEndpoint(endpoint)) {
        throw new ControlError(400, `there is no endpoint ${JSON.stringify(endpoint)}`);
      }
      return { id: faults.add(request).id };
    },
    faults: () => faults.list(),
    clearFaults(id) {
      if (!faults.clear(id)) throw new ControlError(404, `there is no fault ${JSON.stringify(id)}`);
    },
    advanceClock: (advanceMs) => clock.advance(advanceMs),
    clock: () => ({ now: new Date(clock.now()).toISOString(), offsetMs: clock.offsetMs() }),
    calls() {
      const [jsapi, oauth] = [platform.jsapiCodes.counts(), platform.oauthCodes.counts()];
      const codes = { minted: jsapi.minted + oauth.minted, used: jsapi.used + oauth.used };
      return {
        total: calls.total(),
        counted: platform.quota.used(),
        byEndpoint: calls.byEndpoint(),
        codes,
        recent: calls.recent(),
      };
    },
    reset: () => platform.reset(),
    settings(change = {}) {
      const wanted = settingsChange.parse(change);
      for (const [name, value] of Object.entries(wanted)) {
        if (value !== undefined) platform.settings = { ...platform.settings, [name]: value };
      }
      return structuredClone(platform.settings);
    },
    revokeTokens: () => platform.appTokens.revoke(),
    notices: (userid) => platform.notices.of(userid),
    readNotice(userid, taskId) {
      if (!platform.notices.read(userid, taskId)) throw new ControlError(404, 'there is no such notice');
    },
    robot: () => ({
      webhook: `${platform.url}/robot/send?access_token=${ROBOT.token}`,
      secret: ROBOT.secret,
      messages: platform.robots.messages(),
    }),
    delivered: () => platform.notices.delivered(),
  };
}
