import 'server-only';
import nextEnv from '@next/env';
import { ConfigError } from '../config';

/** What every command for operators has in common: `.env` as Next reads it, settings that are wrong, exit codes. */

/**
 * Runs a command and ends the process.
 *
 * @param main takes the words after the command's name; its result is the exit code
 */
export async function runCommand(main: (words: string[]) => Promise<number> | number): Promise<never> {
  nextEnv.loadEnvConfig('.', false, {
    info: () => undefined,
    error: (...what: unknown[]) => fail(what.join(' ')),
  });
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    // What the operator can mend is a sentence, everything else a stack.
    const isExplained =
      error instanceof ConfigError || /^(DatabaseOwner|FormerDatabase)Error$/.test((error as Error).name);
    process.exitCode = fail(isExplained ? (error as Error).message : String((error as Error).stack));
  }
  // Kept-alive connections would hold the process for a while.
  process.exit();
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @returns the exit code of a failure */
export function fail(line: string): number {
  process.stderr.write(`${line}\n`);
  return 1;
}
