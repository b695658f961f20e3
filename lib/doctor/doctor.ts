import 'server-only';
import { type Config, ConfigError, config } from '../config';
import { type Client, createClient } from '../dingtalk/client';
import { DingTalkError } from '../dingtalk/errors';
import { createProxyFor } from '../dingtalk/outgoing-proxy';
import { createTransport } from '../dingtalk/transport';
import { fromDingTalk } from '../dingtalk-problems';
import { AppError } from '../errors';
import { keepOutOfLog } from '../log';
import type { Region } from '../region';
import { within } from '../within';
import { bad, type Check, type Finding, type Patient, type Result, untried } from './check';
import { CHECKS, SETTINGS } from './checks';
import type { ConsoleProgram } from './console-program';
import { type HostDates, notingDates } from './host-dates';
import { openStorageView, type StorageView } from './storage-view';

/** All checks, and what came out of them. */
export interface DoctorReport {
  /** When it began; Unix time in ms. */
  at: number;
  /** How long it took. */
  ms: number;
  /** Of the settings; `cn` where they cannot be read. */
  region: Region;
  findings: Finding[];
}

export interface DoctorOptions {
  /** By default those of this process. @throws ConfigError */
  settings?: () => Config;
  /** What the running app has open; by default it is opened for reading, and closed. */
  storage?: () => Promise<StorageView>;
  isApp?: boolean;
  maySpend?: boolean;
  console?: ConsoleProgram | undefined;
  plainPort?: number;
  /** Ids of checks that are left out. */
  except?: readonly string[];
}

const CHECK_MS = 6000;
const CALL_MS = 3000;

/** Runs every check, those that do not wait for each other at once. Never throws for what is wrong. */
export async function runDoctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const at = Date.now();
  const started = performance.now();
  const checks = CHECKS.filter(({ id }) => !options.except?.includes(id));
  const settings = readSettings(options.settings ?? config);
  const patient = 'config' in settings ? createPatient(settings.config, options) : undefined;
  const findings = await examine(checks, patient);
  await patient?.close();
  const problem: Result =
    'problems' in settings ? bad('settings-wrong', settings.problems) : { outcome: 'ok' };
  const first = toFinding(SETTINGS, problem);
  const region = patient?.config.region ?? 'cn';
  return { at, ms: Math.round(performance.now() - started), region, findings: [first, ...findings] };
}

/** 0: all is well. 1: something should be seen to. 2: something does not work. */
export function exitCodeOf({ findings }: DoctorReport): 0 | 1 | 2 {
  if (findings.some(({ outcome }) => outcome === 'bad')) return 2;
  return findings.some(({ outcome }) => outcome === 'warn') ? 1 : 0;
}

function readSettings(read: () => Config) {
  try {
    return { config: read() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: { problems: error.problems.join('\n') } };
  }
}

function createPatient(settings: Config, options: DoctorOptions): Patient & { close(): Promise<void> } {
  const dates: HostDates = new Map();
  const asked = new Map<string, Promise<unknown>>();
  let storage: Promise<StorageView> | undefined;
  const open = options.storage ?? (() => openStorageView(settings));
  return {
    config: settings,
    dates,
    client: clientOf(settings, dates),
    storage: () => {
      storage ??= open();
      return storage;
    },
    isApp: options.isApp ?? false,
    maySpend: options.maySpend ?? true,
    console: options.console,
    plainPort: options.plainPort ?? (new URL(settings.publicOrigin).port === '' ? 80 : undefined),
    now: Date.now,
    once: <T>(name: string, ask: () => Promise<T>) => {
      if (!asked.has(name)) asked.set(name, ask());
      return asked.get(name) as Promise<T>;
    },
    close: async () => {
      const view = await storage?.catch(() => undefined);
      if (!options.storage) await view?.close();
    },
  };
}

function clientOf(
  { clientId, clientSecret, apiUrl, oapiUrl, outgoingProxy }: Config,
  dates: HostDates,
): Client {
  const transport = notingDates(createTransport({ proxyFor: createProxyFor(outgoingProxy) }), dates);
  const onToken = keepOutOfLog;
  return createClient({ clientId, clientSecret, apiUrl, oapiUrl, transport, onToken, timeoutMs: CALL_MS });
}

async function examine(checks: readonly Check[], patient: Patient | undefined): Promise<Finding[]> {
  const wanted = patient ? checks.filter((check) => check.isWanted?.(patient) ?? true) : checks;
  const results = new Map<string, Promise<Result | undefined>>();
  const resultOf = (id: string) => {
    const check = wanted.find((one) => one.id === id);
    if (!results.has(id))
      results.set(id, check ? examineOne(check, patient, resultOf) : Promise.resolve(undefined));
    return results.get(id)!;
  };
  const found = await Promise.all(wanted.map(async (check) => toFinding(check, (await resultOf(check.id))!)));
  return withoutEchoes(found);
}

async function examineOne(
  check: Check,
  patient: Patient | undefined,
  resultOf: (id: string) => Promise<Result | undefined>,
): Promise<Result> {
  await Promise.all((check.after ?? []).map(resultOf));
  const needed = await Promise.all((check.needs ?? []).map(resultOf));
  // What was not tried itself waits for another: that is what has to be seen to.
  const because = (at: number) => needed[at]?.values?.because ?? check.needs?.[at] ?? '';
  const missing = needed.findIndex(isBroken);
  if (missing >= 0) return { outcome: 'skipped', values: { because: because(missing) } };
  const unknown = needed.findIndex((result) => result?.outcome === 'untried');
  if (unknown >= 0) return untried({ because: because(unknown) });
  return patient ? attempt(check, patient) : { outcome: 'skipped', values: { because: SETTINGS.id } };
}

function isBroken(result: Result | undefined): boolean {
  return result?.outcome === 'bad' || result?.outcome === 'skipped';
}

async function attempt(check: Check, patient: Patient): Promise<Result> {
  try {
    const running = Promise.resolve(check.run(patient));
    return await within(running, CHECK_MS, () => {
      running.catch(() => undefined);
      return untried({ reason: 'timeout' });
    });
  } catch (error) {
    return failed(error);
  }
}

/** What an error comes to: of the catalogue, or a defect of the program. */
function failed(error: unknown): Result {
  if (!(error instanceof DingTalkError) && !(error instanceof AppError)) {
    const { name, code = name } = error as Error & { code?: string };
    return bad('internal', { code: String(code) });
  }
  const failure = error instanceof DingTalkError ? fromDingTalk(error) : error;
  const { api, dingTalkCode, reason, proxy, requiredScopes, applyUrl, callerAddress } = failure.detail;
  const given = { api, code: dingTalkCode ?? reason, proxy, scopes: requiredScopes?.join(', '), applyUrl };
  const values = { ...given, address: callerAddress };
  return bad(
    failure.problem,
    Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])),
    ),
  );
}

function toFinding({ id, circle, textId = id, assumed = false, facts }: Check, result: Result): Finding {
  return { id, circle, textId, assumed, ...result, values: { ...facts, ...result.values } };
}

/** One cause is named once: a second check that met the same refusal is told to wait for the first. */
function withoutEchoes(findings: Finding[]): Finding[] {
  const first = new Map<string, string>();
  return findings.map((finding) => {
    if (finding.fault === undefined) return finding;
    const { scopes = '', subject = '' } = finding.values;
    const cause = `${finding.fault} ${scopes} ${subject}`;
    const because = first.get(cause);
    if (because === undefined) first.set(cause, finding.id);
    if (because === undefined) return finding;
    const { fault: _, ...rest } = finding;
    return { ...rest, outcome: 'skipped' as const, values: { ...rest.values, because } };
  });
}
