import 'server-only';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { enteredSettings, problemOfSetting } from '../config';
import { homeOf } from '../doctor/console-checks';
import { createConsole } from '../doctor/console-program';
import { fill } from '../doctor/description';
import { messagesIn } from '../i18n';
import { inRegion, regionIn } from '../region';
import { fail, runCommand, say } from './command';
import { writeEnvFile } from './setup/env-file';
import { type Answers, interview } from './setup/interview';
import { runSteps } from './setup/run-steps';
import { redirectOf, setupSteps, shellLine, wordsOf } from './setup/steps';
import { shellLanguage } from './shell-language';

/** `npm run setup`: the commands that make an app of nothing; with `--yes` runs them, with `--interactive` writes `.env`. */

const USAGE =
  '用法 · usage: npm run setup -- [--interactive [--region cn|intl] [--dingtalk <url>] | --yes] [--name <name>] [--dws <program>]';

interface Wishes {
  interactive: boolean;
  yes: boolean;
  name: string;
  program: string;
  /** One base for all three of DingTalk's addresses, such as the emulator's. */
  dingTalk: string | undefined;
  /** `DINGTALK_REGION`, as it is entered. */
  region: string | undefined;
}

function parseWords(words: readonly string[]): Wishes | undefined {
  const wishes: Wishes = {
    interactive: false,
    yes: false,
    name: '统一入口',
    program: 'dws',
    dingTalk: undefined,
    region: undefined,
  };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--interactive') wishes.interactive = true;
    else if (word === '--yes') wishes.yes = true;
    else if (word === '--name' && rest[0]) wishes.name = rest.shift()!;
    else if (word === '--dws' && rest[0]) wishes.program = rest.shift()!;
    else if (word === '--dingtalk' && rest[0]) wishes.dingTalk = rest.shift();
    else if (word === '--region' && /^(cn|intl)$/.test(rest[0] ?? '')) wishes.region = rest.shift();
    else return undefined;
  }
  return wishes.interactive && wishes.yes ? undefined : wishes;
}

const language = shellLanguage();
const text = messagesIn(language).setup;

await runCommand(async (words) => {
  const wishes = parseWords(words);
  if (!wishes) return fail(USAGE);
  // Every address that it prints would be another than the build's.
  const { BASE_PATH } = enteredSettings();
  const problem = BASE_PATH === undefined ? undefined : problemOfSetting('BASE_PATH', BASE_PATH);
  if (problem) return fail(`BASE_PATH ${problem}`);
  return wishes.interactive ? askForSettings(wishes) : makeApp(wishes);
});

async function askForSettings({ dingTalk, region }: Wishes): Promise<number> {
  const known = { ...enteredSettings() };
  for (const name of ['DINGTALK_API_URL', 'DINGTALK_OAPI_URL', 'DINGTALK_LOGIN_URL'])
    if (dingTalk) known[name] = dingTalk;
  if (region) known.DINGTALK_REGION = region;
  say(`${text.intro}\n${inRegion(text.introHint, regionIn(known))}\n`);
  const terminal = openTerminal();
  const answers = await interview({ language, known, say, ask: terminal.ask }).finally(terminal.close);
  if (!answers) return fail(text.brokenOff);
  writeEnvFile(answers);
  const { PUBLIC_ORIGIN: origin = '' } = answers;
  const entries = { home: homeOf(origin), redirect: redirectOf(origin) };
  say(`\n${text.written}\n${fill(text.console, entries)}\n${text.next}`);
  return 0;
}

/** Lines of the terminal, or of whatever stands in its place. */
function openTerminal() {
  let isHidden = false;
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) process.stdout.write(chunk);
      done();
    },
  });
  const lines = createInterface({
    input: process.stdin,
    output,
    terminal: process.stdin.isTTY,
    historySize: 0,
  });
  // Answers that are piped in come before they are asked for.
  const entered: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let isClosed = false;
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (next) next(line);
    else entered.push(line);
  });
  lines.on('close', () => {
    isClosed = true;
    for (const next of waiting.splice(0)) next(undefined);
  });
  return {
    async ask(question: string, isSecret: boolean): Promise<string | undefined> {
      // As its prompt: whatever else stands on the line is erased while the person edits it.
      lines.setPrompt(question);
      if (isClosed) process.stdout.write(question);
      else lines.prompt();
      isHidden = isSecret;
      const line =
        entered.shift() ??
        (isClosed ? undefined : await new Promise<string | undefined>((take) => waiting.push(take)));
      isHidden = false;
      if (isSecret || !process.stdin.isTTY) process.stdout.write('\n');
      return line;
    },
    close: () => lines.close(),
  };
}

async function makeApp({ yes, name, program }: Wishes): Promise<number> {
  const { PUBLIC_ORIGIN: publicOrigin, DINGTALK_CLIENT_ID: clientId, DINGTALK_STREAM } = enteredSettings();
  if (publicOrigin === undefined) return fail(`${text.missing} PUBLIC_ORIGIN`);
  const steps = setupSteps({ name, publicOrigin, clientId, usesStream: DINGTALK_STREAM === 'on' });
  const byHand = () => say(`\n${text.byHand}\n${text.hands.map((line) => `  - ${line}`).join('\n')}`);
  if (!yes) {
    say(text.plan);
    for (const step of steps) {
      say(`\n# ${text.steps[step.id]}`);
      if (step.words.length > 0)
        say(
          shellLine(wordsOf(step))
            .replaceAll('{app}', 'UNIFIED_APP_ID')
            .replaceAll('{version}', 'VERSION_ID'),
        );
    }
    byHand();
    return 0;
  }
  const isDone = await runSteps(steps, { ask: createConsole(program), language, say, keep });
  byHand();
  if (isDone) say(`\n${text.finished}`);
  return isDone ? 0 : 1;
}

function keep({ clientId, clientSecret }: { clientId: string; clientSecret: string }): void {
  const answers: Answers = { DINGTALK_CLIENT_ID: clientId, DINGTALK_CLIENT_SECRET: clientSecret };
  writeEnvFile(answers);
}
