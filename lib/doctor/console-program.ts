import 'server-only';
import { type ExecFileException, execFile } from 'node:child_process';
import { z } from 'zod';

/**
 * DingTalk's console by command, `dws`, where an administrator has it and is signed in. Its answers are read as its
 * documentation gives them; it has not been run by the authors.
 *
 * @see https://github.com/DingTalk-Real-AI/dingtalk-workspace-cli
 */

/** Why there is no answer: the program is not there, no account is signed in, or it refused. */
export type ConsoleFailure = 'not-installed' | 'not-signed-in' | 'refused' | 'timeout';

export class ConsoleError extends Error {
  readonly failure: ConsoleFailure;
  /** Its own code and words. */
  readonly reason: string;

  constructor(failure: ConsoleFailure, reason = '') {
    super(`dws: ${failure}`);
    this.name = 'ConsoleError';
    this.failure = failure;
    this.reason = reason;
  }
}

const LIMIT_MS = 5000;
const MAX_BYTES = 4 * 1024 * 1024;

const refusalSchema = z.object({
  success: z.literal(false),
  errorCode: z.union([z.string(), z.number()]).optional(),
  errorMsg: z.string().optional(),
});

export type ConsoleProgram = (words: readonly string[], options?: { timeoutMs?: number }) => Promise<unknown>;

/** Runs commands of one program. @param program its path or name */
export function createConsole(program: string): ConsoleProgram {
  return (words, { timeoutMs = LIMIT_MS } = {}) => {
    const options = { timeout: timeoutMs, maxBuffer: MAX_BYTES };
    return new Promise<[ExecFileException | null, string]>((resolve) => {
      execFile(program, [...words, '--format', 'json'], options, (error, stdout) => resolve([error, stdout]));
    }).then((ended) => readOutput(...ended));
  };
}

function readOutput(error: ExecFileException | null, stdout: string): unknown {
  if (/^(ENOENT|EACCES)$/.test(String(error?.code))) throw new ConsoleError('not-installed');
  if (error?.killed) throw new ConsoleError('timeout');
  const output = parse(stdout);
  const refusal = refusalSchema.safeParse(output);
  if (refusal.success || error) {
    const { errorCode = '', errorMsg = '' } = refusal.data ?? {};
    const reason = [errorCode, errorMsg].filter(Boolean).join(' ');
    throw new ConsoleError(/login|auth|token|登录/i.test(reason) ? 'not-signed-in' : 'refused', reason);
  }
  return output;
}

/** The useful part: some answers carry it in `data` or `result`. */
function parse(text: string): unknown {
  try {
    const output = JSON.parse(text) as Record<string, unknown>;
    return output?.success === true ? (output.data ?? output.result ?? output) : output;
  } catch {
    return undefined;
  }
}
