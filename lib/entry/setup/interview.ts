import 'server-only';
import { problemOfSetting } from '../../config';
import { createClient } from '../../dingtalk/client';
import { DingTalkError } from '../../dingtalk/errors';
import { createProxyFor, parseProxy } from '../../dingtalk/outgoing-proxy';
import { fromDingTalk } from '../../dingtalk-problems';
import { isAppOf } from '../../doctor/company';
import type { Language } from '../../i18n';
import { messagesIn } from '../../i18n';
import { keepOutOfLog } from '../../log';
import { inRegion, REGIONS, regionIn } from '../../region';
import { newKey } from '../../session/key-rotation';
import { openPostgres } from '../../storage/postgres';

/** Asks for what `.env` needs, and checks each answer at once. */

export type Answers = Record<string, string>;

interface InterviewOptions {
  language: Language;
  /** What is known already, such as of an `.env`: it is offered. */
  known: Readonly<Record<string, string | undefined>>;
  say(line: string): void;
  /** @param isSecret neither shown nor kept in a history. @returns undefined where the input has ended */
  ask(question: string, isSecret: boolean): Promise<string | undefined>;
}

interface Question {
  name: string;
  isSecret?: true;
  isOptional?: true;
  /** Offered where nothing is known. */
  suggest?(answers: Answers): string;
  /** Beyond its form. @returns what is wrong */
  check?(answers: Answers, language: Language): Promise<string | undefined>;
}

const QUESTIONS: readonly Question[] = [
  { name: 'DINGTALK_CORP_ID' },
  { name: 'DINGTALK_CLIENT_ID' },
  { name: 'DINGTALK_CLIENT_SECRET', isSecret: true, check: checkCredentials },
  { name: 'DINGTALK_AGENT_ID', isOptional: true },
  { name: 'PUBLIC_ORIGIN' },
  {
    name: 'TRUSTED_PROXY_HOPS',
    suggest: ({ PUBLIC_ORIGIN = '' }) => (PUBLIC_ORIGIN.startsWith('https:') ? '1' : '0'),
  },
  { name: 'DINGTALK_STREAM', suggest: () => 'on' },
  { name: 'DATABASE_URL', isSecret: true, isOptional: true, check: checkDatabase },
];

/** So many wrong answers to one question, and there is something else to mend first. */
const MOST_ATTEMPTS = 5;

/** What goes into `.env`; other settings of the environment stay where they are. */
const WRITTEN: readonly string[] = [
  ...QUESTIONS.map(({ name }) => name),
  ...['SESSION_KEYS', 'SESSION_SEAL_KEY'],
  'DINGTALK_REGION',
  ...['DINGTALK_API_URL', 'DINGTALK_OAPI_URL', 'DINGTALK_LOGIN_URL'],
];

/** @returns what `.env` has to say; undefined where it was broken off */
export async function interview(options: InterviewOptions): Promise<Answers | undefined> {
  const answers: Answers = {};
  for (const [name, value] of Object.entries(options.known)) if (value) answers[name] = value;
  for (const question of QUESTIONS) {
    const answer = await settle(question, answers, options);
    if (answer === undefined) return undefined;
    answers[question.name] = answer;
  }
  if (!answers.SESSION_KEYS) {
    const { id, secret } = newKey(undefined);
    Object.assign(answers, { SESSION_KEYS: `${id}:${secret}`, SESSION_SEAL_KEY: id });
  }
  return Object.fromEntries(WRITTEN.flatMap((name) => (answers[name] ? [[name, answers[name]]] : [])));
}

async function settle(
  question: Question,
  answers: Answers,
  options: InterviewOptions,
): Promise<string | undefined> {
  const { name, isSecret = false, isOptional, check, suggest } = question;
  const text = messagesIn(options.language).setup;
  const offered = answers[name] ?? suggest?.(answers) ?? '';
  const shown = offered && (isSecret ? text.known : offered);
  const hint = shown ? ` [${shown}]` : isOptional ? ` [${text.none}]` : '';
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const entered = await options.ask(
      `${text.questions[name as keyof typeof text.questions]}${hint}: `,
      isSecret,
    );
    if (entered === undefined) return undefined;
    const value = entered.trim() || offered;
    if (value === '' && isOptional) return '';
    if (isSecret) keepOutOfLog(value);
    const problem =
      problemOfSetting(name, value) ?? (await check?.({ ...answers, [name]: value }, options.language));
    if (problem === undefined) return value;
    options.say(`  ✗ ${inRegion(problem, regionIn(answers))}`);
  }
  return undefined;
}

const CALL_MS = 5000;

/** Client ID and secret together, and whether the app is of the company. */
async function checkCredentials(answers: Answers, language: Language): Promise<string | undefined> {
  const region = regionIn(answers);
  const {
    DINGTALK_API_URL: apiUrl = REGIONS[region].apiUrl,
    DINGTALK_OAPI_URL: oapiUrl = REGIONS[region].oapiUrl,
  } = answers;
  const [http, https] = [answers.HTTP_PROXY, answers.HTTPS_PROXY].map((value) =>
    value ? parseProxy(value) : undefined,
  );
  const client = createClient({
    ...{ clientId: answers.DINGTALK_CLIENT_ID ?? '', clientSecret: answers.DINGTALK_CLIENT_SECRET ?? '' },
    ...{ apiUrl, oapiUrl, timeoutMs: CALL_MS, onToken: keepOutOfLog },
    proxyFor: createProxyFor({ http, https, noProxy: answers.NO_PROXY }),
  });
  try {
    await client.warm();
    const isOurs = await isAppOf(client, answers.DINGTALK_CORP_ID ?? '');
    return isOurs ? undefined : messagesIn(language).setup.otherCompany;
  } catch (error) {
    if (!(error instanceof DingTalkError)) throw error;
    const { cause, remedy } = messagesIn(language).problems[fromDingTalk(error).problem];
    return `${cause} ${remedy}`;
  }
}

async function checkDatabase({ DATABASE_URL: url = '' }: Answers): Promise<string | undefined> {
  try {
    const db = await openPostgres(url, { poolSize: 2 });
    try {
      await db.get('SELECT 1 AS one');
    } finally {
      await db.close();
    }
    return undefined;
  } catch (error) {
    const { password } = new URL(url);
    const { message } = error as Error;
    return password ? message.replaceAll(decodeURIComponent(password), '…') : message;
  }
}
