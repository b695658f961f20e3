import 'server-only';
import { localeOfShell } from '../config';
import { describeFinding } from '../doctor/description';
import { exitCodeOf, runDoctor } from '../doctor/doctor';
import { reportLines } from '../doctor/report-lines';
import type { Language } from '../i18n';
import { fail, runCommand, say } from './command';

/** `npm run doctor`: tries everything from the settings to DingTalk. Exit code 0: all is well, 1: see to it, 2: broken. */

const USAGE =
  '用法 · usage: npm run doctor -- [--json] [--except <id,…>] [--no-calendar-calls] [--dws <program>]';
const CONSOLE_PROGRAM = 'dws';

interface Wishes {
  json: boolean;
  except: string[];
  maySpend: boolean;
  consoleProgram: string;
}

function parseWords(words: readonly string[]): Wishes | undefined {
  const wishes: Wishes = { json: false, except: [], maySpend: true, consoleProgram: CONSOLE_PROGRAM };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--json') wishes.json = true;
    else if (word === '--no-calendar-calls') wishes.maySpend = false;
    else if (word === '--except' && rest[0]) wishes.except.push(...rest.shift()!.split(','));
    else if (word === '--dws' && rest[0]) wishes.consoleProgram = rest.shift()!;
    else return undefined;
  }
  return wishes;
}

/** The language of the locale: English where it is neither Chinese nor English. */
export function shellLanguage(locale = localeOfShell()): Language {
  return locale === undefined || /^(zh|C\b|POSIX)/i.test(locale) ? 'zh-CN' : 'en';
}

await runCommand(async (words) => {
  const wishes = parseWords(words);
  if (!wishes) {
    fail(USAGE);
    return 2;
  }
  const { json, ...options } = wishes;
  const report = await runDoctor(options);
  const language = shellLanguage();
  const exitCode = exitCodeOf(report);
  if (json) {
    const findings = report.findings.map((finding) => describeFinding(finding, language));
    say(
      JSON.stringify({ at: new Date(report.at).toISOString(), ms: report.ms, exitCode, findings }, null, 2),
    );
  } else {
    for (const line of reportLines(report, language, { colour: process.stdout.isTTY })) say(line);
  }
  return exitCode;
});
