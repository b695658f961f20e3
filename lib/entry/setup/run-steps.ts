import 'server-only';
import { z } from 'zod';
import { WANTED_PERMISSIONS } from '../../doctor/console-checks';
import { ConsoleError, type ConsoleProgram } from '../../doctor/console-program';
import { homePages, unauthorised, unsubscribed, versionStatus } from '../../doctor/console-state';
import { fill } from '../../doctor/description';
import { EVENT_CODES } from '../../doctor/event-checks';
import type { Language } from '../../i18n';
import { messagesIn } from '../../i18n';
import { keepOutOfLog } from '../../log';
import { type SetupStep, shellLine, wordsOf } from './steps';

/** Runs the steps by `dws`, reads back after each, and stops where a person has to decide. */

interface RunOptions {
  ask: ConsoleProgram;
  language: Language;
  say(line: string): void;
  /** Takes the credentials, which are never printed. */
  keep(credentials: { clientId: string; clientSecret: string }): void;
}

interface Known {
  app: string;
  version: string;
  /** Created by this very run: it has no lists that a command could replace. */
  isNew: boolean;
}

const LONG_MS = 60_000;

/** @returns whether everything was done; false where it stopped, after saying why */
export async function runSteps(steps: readonly SetupStep[], options: RunOptions): Promise<boolean> {
  const known: Known = { app: '', version: '', isNew: false };
  const text = messagesIn(options.language).setup;
  for (const step of steps) {
    const { say } = options;
    say(`\n${text.steps[step.id]}`);
    if (step.words.length === 0) continue;
    const words = filled(wordsOf(step), known);
    if (step.replacesList && !known.isNew) {
      say(`  ${text.listByHand}\n  ${shellLine(words)}`);
      continue;
    }
    say(`  ${shellLine(words)}`);
    const stop = await runStep({ ...step, words }, known, options);
    if (stop !== undefined) {
      say(`  ${text.stopped}: ${stop}`);
      return false;
    }
    say(`  ${text.done}`);
  }
  return true;
}

function filled(words: readonly string[], known: Known): string[] {
  const values = { app: known.app, version: known.version };
  return words.map((word) => (/^\{\w+\}$/.test(word) ? fill(word, values) : word));
}

/** @returns why it stops */
async function runStep(step: SetupStep, known: Known, options: RunOptions): Promise<string | undefined> {
  const text = messagesIn(options.language).setup;
  try {
    const answer = await options.ask(step.words, { timeoutMs: LONG_MS });
    return await TAKE[step.id](answer, { known, options });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    if (/长链接未在线/.test(error.reason)) return text.streamFirst;
    return `${text.failures[error.failure]} ${error.reason}`.trim();
  }
}

interface Taking {
  known: Known;
  options: RunOptions;
}
type Take = (answer: unknown, taking: Taking) => string | undefined | Promise<string | undefined>;

const textOf = ({ options }: Taking) => messagesIn(options.language).setup;

const consoleOf = ({ known, options }: Taking) => ({ ask: options.ask, app: known.app });

const takeApp =
  (isNew: boolean): Take =>
  (answer, taking) => {
    const found = z.object({ unifiedAppId: z.string().min(1) }).safeParse(answer);
    if (!found.success) return textOf(taking).odd;
    Object.assign(taking.known, { app: found.data.unifiedAppId, isNew });
    return undefined;
  };

const TAKE: Record<SetupStep['id'], Take> = {
  create: takeApp(true),
  find: takeApp(false),
  start: () => undefined,
  security: () => undefined,
  credentials: (answer, taking) => {
    const schema = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1) });
    const found = schema.safeParse(answer);
    if (!found.success) return textOf(taking).odd;
    keepOutOfLog(found.data.clientSecret);
    taking.options.keep(found.data);
    return undefined;
  },
  webapp: async (_, taking) => {
    const { homepageUrl, pcHomepageUrl } = await homePages(consoleOf(taking));
    return homepageUrl && pcHomepageUrl ? undefined : textOf(taking).notKept;
  },
  permissions: async (_, taking) => {
    const waiting = await unauthorised(consoleOf(taking), WANTED_PERMISSIONS);
    return waiting.length > 0 ? `${textOf(taking).approval} ${waiting.join(', ')}` : undefined;
  },
  events: async (_, taking) => {
    const missing = await unsubscribed(consoleOf(taking), EVENT_CODES);
    return missing.length > 0 ? `${textOf(taking).notKept} ${missing.join(', ')}` : undefined;
  },
  version: (answer, taking) => {
    const found = z.object({ versionId: z.union([z.string(), z.number()]) }).safeParse(answer);
    if (!found.success) return textOf(taking).odd;
    taking.known.version = String(found.data.versionId);
    return checkApproval(taking);
  },
  publish: async (_, taking) => {
    const status = await versionStatus(consoleOf(taking));
    if (status === 'RELEASE' || status === 'GRAY') return undefined;
    return status === 'AUDIT' ? textOf(taking).inAudit : `${textOf(taking).notKept} ${status}`;
  },
};

/** The tool never chooses an approver, and neither does this. */
async function checkApproval(taking: Taking): Promise<string | undefined> {
  const { known, options } = taking;
  const words = [
    'dev',
    'app',
    'version',
    'check-approval',
    '--unified-app-id',
    known.app,
    '--version-id',
    known.version,
  ];
  const answer = JSON.stringify(await options.ask(words));
  return /"(?:needApproval|requiredApproval|needsApproval)":\s*true/.test(answer)
    ? textOf(taking).approver
    : undefined;
}
