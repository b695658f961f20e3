import 'server-only';
import { createConsole } from '../doctor/console-program';
import { describeFinding } from '../doctor/description';
import { exitCodeOf, runDoctor } from '../doctor/doctor';
import { reportLines } from '../doctor/report-lines';
import { fail, runCommand, say } from './command';
import { shellLanguage } from './shell-language';

/** `npm run doctor`: tries everything from the settings to DingTalk. Exit code 0: all is well, 1: see to it, 2: broken. */

const USAGE =
  '用法 · usage: npm run doctor -- [--json] [--except <id,…>] [--no-calendar-calls] [--dws <program>]';

interface Wishes {
  json: boolean;
  except: string[];
  maySpend: boolean;
  program: string;
}

function parseWords(words: readonly string[]): Wishes | undefined {
  const wishes: Wishes = { json: false, except: [], maySpend: true, program: 'dws' };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--json') wishes.json = true;
    else if (word === '--no-calendar-calls') wishes.maySpend = false;
    else if (word === '--except' && rest[0]) wishes.except.push(...rest.shift()!.split(','));
    else if (word === '--dws' && rest[0]) wishes.program = rest.shift()!;
    else return undefined;
  }
  return wishes;
}

await runCommand(async (words) => {
  const wishes = parseWords(words);
  if (!wishes) {
    fail(USAGE);
    return 2;
  }
  try {
    return await examine(wishes);
  } catch (error) {
    // Not 1, which says that everything works.
    fail(String((error as Error).stack));
    return 2;
  }
});

async function examine({ json, program, ...options }: Wishes): Promise<number> {
  const report = await runDoctor({ ...options, console: createConsole(program) });
  const language = shellLanguage();
  const exitCode = exitCodeOf(report);
  if (json) {
    const findings = report.findings.map((finding) => describeFinding(finding, language, report.region));
    say(
      JSON.stringify({ at: new Date(report.at).toISOString(), ms: report.ms, exitCode, findings }, null, 2),
    );
  } else {
    for (const line of reportLines(report, language, { colour: process.stdout.isTTY })) say(line);
  }
  return exitCode;
}
