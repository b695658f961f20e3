import 'server-only';
import type { Config } from '../config';
import type { Client } from '../dingtalk/client';
import type { ConsoleProgram } from './console-program';
import type { Fault } from './faults';
import type { HostDates } from './host-dates';
import type { StorageView } from './storage-view';

/** Where a check looks: this machine and its address, DingTalk's answers to the app's token, or the developer console. */
export type Circle = 'local' | 'dingtalk' | 'console';

/**
 * `warn`: works, and should be seen to. `skipped`: another finding has to be mended first. `untried`: could not be tried
 * from here, which is no fault. `manual`: only a person can look.
 */
export type Outcome = 'ok' | 'warn' | 'bad' | 'skipped' | 'untried' | 'manual';

/** What came out of a check, for texts to be filled in. Never a secret, a code or a token. */
export type Values = Readonly<Record<string, string>>;

/** The outcome of one check. */
export interface Result {
  outcome: Outcome;
  fault?: Fault;
  /** Which of the sentences about a good outcome is meant, where there are several. */
  note?: string;
  values?: Values;
}

/** A check and its outcome, as it is shown, counted and sent. */
export interface Finding extends Result {
  id: string;
  circle: Circle;
  /** The text of another check, where several are of one kind. */
  textId: string;
  /** The answer of the far end is not documented: only the emulator is known to give it. */
  assumed: boolean;
  values: Values;
}

/** What a check works with once the settings are right. */
export interface Patient {
  config: Config;
  /** A client of the doctor's own: no failure that the app's client remembers, no token that it would lose. */
  client: Client;
  dates: HostDates;
  storage(): Promise<StorageView>;
  /** The running app itself asks, not a command beside it. */
  isApp: boolean;
  /** Whether calls that count against DingTalk's monthly quota may be made. */
  maySpend: boolean;
  /** DingTalk's console by command; undefined: it is not asked. */
  console: ConsoleProgram | undefined;
  /** Port of plain HTTP beside an https `PUBLIC_ORIGIN`; undefined: there is none. */
  plainPort: number | undefined;
  now(): number;
  /** Asks once for what several checks need. */
  once<T>(name: string, ask: () => Promise<T>): Promise<T>;
}

export interface Check {
  id: string;
  circle: Circle;
  textId?: string;
  /** What its text needs whatever comes out. */
  facts?: Values;
  /** Ids of checks that must not have failed. */
  needs?: readonly string[];
  /** Ids of checks that must have ended, whatever their outcome. */
  after?: readonly string[];
  assumed?: boolean;
  /** What it finds would help an attacker: the public report does not name the check. */
  isPrivate?: boolean;
  /** @param patient @throws DingTalkError, AppError: then it is `bad` */
  run(patient: Patient): Promise<Result> | Result;
  /** Whether the settings ask for it at all. */
  isWanted?(patient: Patient): boolean;
}

export const ok = (values: Values = {}, note?: string): Result => ({
  outcome: 'ok',
  values,
  ...(note && { note }),
});
export const bad = (fault: Fault, values: Values = {}): Result => ({ outcome: 'bad', fault, values });
export const warn = (fault: Fault, values: Values = {}): Result => ({ outcome: 'warn', fault, values });
export const untried = (values: Values = {}): Result => ({ outcome: 'untried', values });
