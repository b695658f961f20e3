import 'server-only';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { config } from '../../config';
import { log } from '../../log';
import { outsideRequest, singleton } from '../../singleton';
import {
  type AcceptedRules,
  readAcceptedHash,
  readAcceptedRules,
  writeAcceptedRules,
} from '../../storage/accepted-rules';
import type { Database } from '../../storage/database';
import { recordsDatabase } from '../../storage/databases';
import { parseAccessFile } from './access-file';
import { type AccessRules, createAccessRules } from './decide';
import { type FileProblem, MAX_FILE_BYTES } from './file-text';

/** `ACCESS_FILE` is set, has errors, and there was never one without. Its message lists them. */
export class AccessFileError extends Error {
  /** Each with file and line. */
  readonly problemLines: readonly string[];

  constructor(path: string, problems: readonly FileProblem[]) {
    const lines = problems.map((problem) => describeProblem(path, problem));
    super(
      [
        'dingpass cannot start: ACCESS_FILE has errors, and there is none before it that could be used.',
        'dingpass 无法启动：ACCESS_FILE 有错误，也没有可沿用的上一份。',
        ...lines.map((line) => `  - ${line}`),
      ].join('\n'),
    );
    this.problemLines = lines;
    this.name = 'AccessFileError';
  }
}

export interface RulesState {
  hash: string;
  /** When these rules were taken over; Unix time in ms. */
  acceptedAt: number;
  /** What is wrong with the file as it stands now: these rules are the last ones without errors. */
  problems: readonly FileProblem[];
  /** This machine's file is another one than the rules that all machines use. */
  differs: boolean;
}

/** The rules in force. */
export interface RulesInForce {
  rules(): AccessRules;
  state(): RulesState;
  /** Looks at the file and at what other processes have taken over. Never throws. */
  look(): Promise<void>;
  close(): void;
}

interface RulesOptions {
  path: string;
  db: Database;
  ownHost?: string | undefined;
  /** How often the file is looked at; 0: only when asked. */
  everyMs?: number;
}

const LOOK_EVERY_MS = 2000;

export function describeProblem(path: string, { line, message }: FileProblem): string {
  return `${path}:${line}: ${message}`;
}

/** @throws AccessFileError */
export async function createRulesInForce({
  path,
  db,
  ownHost,
  everyMs = LOOK_EVERY_MS,
}: RulesOptions): Promise<RulesInForce> {
  const accepted = createAcceptedRules(db, ownHost);
  let file: { stamp: string; hash: string | undefined; problems: readonly FileProblem[] } | undefined;
  let loggedHash: string | undefined;
  let failed = false;
  let looking: Promise<void> | undefined;

  async function lookAtFile(): Promise<void> {
    const stamp = stampOf(path);
    if (stamp === file?.stamp) return;
    const { text, problems } = readAccessFile(path, ownHost);
    // Replaced while it was read: the next look sees a whole one.
    if (stampOf(path) !== stamp) return;
    const hash = text === undefined ? undefined : hashOf(text);
    if (problems.length > 0 && describe(problems) !== describe(file?.problems ?? []))
      log().error({
        event: 'access-file-refused',
        problems: problems.map((one) => describeProblem(path, one)),
      });
    file = { stamp, hash, problems };
    if (text === undefined || hash === undefined || problems.length > 0) return;
    if (hash !== accepted.latest()?.hash) await accepted.accept(text, hash);
  }

  const differs = () =>
    file?.hash !== undefined && file.problems.length === 0 && file.hash !== accepted.latest()?.hash;

  function logDifference(): void {
    const hash = differs() ? accepted.latest()?.hash : undefined;
    if (hash !== undefined && hash !== loggedHash)
      log().warn({ event: 'access-file-differs', path, file: file?.hash, inForce: hash });
    loggedHash = hash;
  }

  async function lookOnce(): Promise<void> {
    try {
      await accepted.read();
      await lookAtFile();
      logDifference();
      failed = false;
    } catch (error) {
      if (!failed) log().error({ event: 'access-rules-unknown', err: error });
      failed = true;
    }
  }

  /** One look at a time. */
  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  await accepted.read();
  await lookAtFile();
  if (!accepted.latest()) throw new AccessFileError(path, file?.problems ?? []);
  const timer = everyMs > 0 ? setInterval(() => void look(), everyMs).unref() : undefined;

  return {
    rules: () => accepted.latest()?.rules ?? createAccessRules([]),
    state: () => ({
      hash: accepted.latest()?.hash ?? '',
      acceptedAt: accepted.latest()?.acceptedAt ?? 0,
      problems: file?.problems ?? [],
      differs: differs(),
    }),
    look,
    close: () => clearInterval(timer),
  };
}

/** The rules that all machines use, as this process last took them over. */
function createAcceptedRules(db: Database, ownHost: string | undefined) {
  let latest: { rules: AccessRules; hash: string; acceptedAt: number } | undefined;

  function take({ text, hash, acceptedAt }: AcceptedRules): void {
    const { rules } = parseAccessFile(text, ownHost);
    // A newer version of dingpass may have accepted what this one cannot read.
    if (!rules) return;
    latest = { rules, hash, acceptedAt };
    log().info({ event: 'access-rules', hash, rules: rules.rules.length });
  }

  return {
    latest: () => latest,
    /** Takes over what another process has accepted. */
    async read(): Promise<void> {
      if ((await readAcceptedHash(db)) === latest?.hash) return;
      const accepted = await readAcceptedRules(db);
      if (accepted) take(accepted);
    },
    /** Makes a file without errors the rules of all machines. */
    async accept(text: string, hash: string): Promise<void> {
      const accepted = { text, hash, acceptedAt: Date.now() };
      await writeAcceptedRules(db, accepted);
      take(accepted);
    },
  };
}

const describe = (problems: readonly FileProblem[]) => JSON.stringify(problems);

/** Changes with every change of the file that a file system tells of. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** A file's text and rules, or what is wrong with it. Never throws. */
export function readAccessFile(
  path: string,
  ownHost: string | undefined,
): { text: string | undefined; rules: AccessRules | undefined; problems: readonly FileProblem[] } {
  try {
    const stats = statSync(path);
    // A pipe would hold the process up for ever.
    if (!stats.isFile())
      throw Object.assign(new Error(), { code: stats.isDirectory() ? 'EISDIR' : 'ENOTFILE' });
    if (stats.size > MAX_FILE_BYTES)
      return { ...parseAccessFile(' '.repeat(MAX_FILE_BYTES + 1)), text: undefined };
    const bytes = readFileSync(path);
    const parsed = parseAccessFile(bytes, ownHost);
    return { ...parsed, text: parsed.rules && bytes.toString('utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      text: undefined,
      rules: undefined,
      problems: [{ line: 1, message: `cannot be read (${code}) / 无法读取（${code}）` }],
    };
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The host of PUBLIC_ORIGIN. */
export function ownHost(): string {
  return new URL(config().publicOrigin).hostname;
}

const inForce = singleton('access-rules', () => ({ rules: undefined as RulesInForce | undefined }));

/** Takes the rules of this process into force, where there is an `ACCESS_FILE`: once, at boot. @throws AccessFileError */
export async function openRules(): Promise<void> {
  const { accessFile } = config();
  if (accessFile === undefined) return;
  const options = { path: accessFile, db: recordsDatabase(), ownHost: ownHost() };
  inForce().rules ??= await outsideRequest(() => createRulesInForce(options));
}

/** The rules of this process; undefined: there is no `ACCESS_FILE`, and every member sees every page. */
export function rulesInForce(): RulesInForce | undefined {
  const { rules } = inForce();
  // Rules that were never read must not open every page.
  if (!rules && config().accessFile !== undefined) throw new Error('the access rules are not open yet');
  return rules;
}
