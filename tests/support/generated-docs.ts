import { readdirSync, readFileSync } from 'node:fs';
import { DingTalkError } from '../../lib/dingtalk/errors';
import { codesOf, fromDingTalk } from '../../lib/dingtalk-problems';
import { type Problem, problems } from '../../lib/errors';
import { type Language, messagesIn } from '../../lib/i18n';
import { LOG_EVENTS } from '../../lib/i18n/log-events';
import { METRIC_LIST } from '../../lib/metric-list';
import { type ExampleSetting, exampleSettings } from './env-example';
import { table } from './markdown';

const WORDS = {
  'zh-CN': {
    setting: ['名称', '默认值', '说明'],
    requiredSetting: ['名称', '说明'],
    codes: ['错误码', '排错条目'],
    onPage: '只出现在页面上',
    status: 'HTTP',
    cause: '原因',
    remedy: '处理办法',
    actor: '由谁处理',
    dingTalk: '钉钉错误码',
    colon: '：',
    corpus: ['清单', '条数'],
    metric: ['名称', '类型', '标签', '含义'],
    logEvent: ['event', '含义'],
  },
  en: {
    setting: ['name', 'default', 'meaning'],
    requiredSetting: ['name', 'meaning'],
    codes: ['code', 'entries'],
    onPage: 'on the page only',
    status: 'HTTP',
    cause: 'Cause',
    remedy: 'Remedy',
    actor: 'Who acts',
    dingTalk: 'DingTalk’s codes',
    colon: ': ',
    corpus: ['list', 'entries'],
    metric: ['name', 'type', 'labels', 'meaning'],
    logEvent: ['event', 'meaning'],
  },
};

/** The settings pages: one table for each section of `.env.example`. */
export function settingsTables(language: Language): string {
  const sections = groupBy(exampleSettings(), ({ section }) => section[language]);
  return [...sections]
    .map(([title, settings]) => {
      const rows = settings.map((setting) => [
        `\`${setting.name}\``,
        fallbackOf(setting),
        meaningOf(setting, language),
      ]);
      return `## ${title}\n\n${table(WORDS[language].setting, rows)}`;
    })
    .join('\n\n');
}

/** The settings without which the app does not start, for the READMEs. */
export function requiredSettingsTable(language: Language): string {
  const required = exampleSettings().filter(({ isOptional }) => !isOptional);
  const rows = required.map((setting) => [`\`${setting.name}\``, meaningOf(setting, language)]);
  return table(WORDS[language].requiredSetting, rows);
}

/** The troubleshooting pages: where to look for a code, then every problem of the catalogue under its own heading. */
export function troubleshootingEntries(language: Language): string {
  const names = Object.keys(problems) as Problem[];
  const byCode = groupBy(names, (name) => problems[name].code);
  const index = [...byCode].map(([code, found]) => [
    `\`${code}\``,
    found.map((name) => `[${name}](#${name})`).join(' · '),
  ]);
  return [table(WORDS[language].codes, index), ...names.map((name) => entryOf(name, language))].join('\n\n');
}

/** How many hostile inputs each list in `tests/corpora` has. Files without `entries` hold samples of another kind. */
export function corporaTable(language: Language): string {
  const files = readdirSync('tests/corpora').filter((file) => file.endsWith('.json'));
  const rows = files.sort().flatMap((file) => {
    const { entries } = JSON.parse(readFileSync(`tests/corpora/${file}`, 'utf8'));
    return Array.isArray(entries) ? [[`\`${file}\``, String(entries.length)]] : [];
  });
  return table(WORDS[language].corpus, rows);
}

/** Every metric of ours. */
export function metricsTable(language: Language): string {
  const rows = METRIC_LIST.map(({ name, kind, labels, en, zh }) => [
    `\`${name}\``,
    kind,
    labels.map((label) => `\`${label}\``).join(', ') || '–',
    asCode(language === 'en' ? en : zh),
  ]);
  return table(WORDS[language].metric, rows);
}

/** What the lines of the log are about. */
export function logEventsTable(language: Language): string {
  const rows = Object.entries(LOG_EVENTS).map(([name, [zh, en]]) => [
    `\`${name}\``,
    language === 'en' ? en : zh,
  ]);
  return table(WORDS[language].logEvent, rows);
}

function fallbackOf({ isOptional, value }: ExampleSetting): string {
  return isOptional && value ? `\`${value}\`` : '–';
}

function meaningOf({ meaning }: ExampleSetting, language: Language): string {
  return asCode(meaning[language]);
}

function entryOf(name: Problem, language: Language): string {
  const words = WORDS[language];
  const { code, status, actor } = problems[name];
  const { person, next, cause, remedy } = messagesIn(language).problems[name];
  const codes = dingTalkCodesOf(name);
  const facts: [string, string][] = [
    [words.cause, asCode(cause)],
    [words.remedy, asCode(remedy)],
    [words.actor, messagesIn(language).actors[actor]],
    ...(codes.length > 0
      ? [[words.dingTalk, codes.map((known) => `\`${known}\``).join(' ')] as [string, string]]
      : []),
  ];
  return [
    `### ${name}`,
    `\`${code}\` · ${status ? `${words.status} ${status}` : words.onPage}`,
    `> ${person}\\\n> ${next}`,
    facts.map(([label, text]) => `- **${label}**${words.colon}${text}`).join('\n'),
  ].join('\n\n');
}

/** A service behind DingTalk's gateway timed out: the client takes it for no answer. */
const NO_ANSWER = '15';

/** Codes that are sorted by their nature and not by a list: DingTalk is busy, or asks for fewer calls. */
const PASSING_CODES = [
  ...['-1', NO_ANSWER, '88', '45009', ...range(90001, 90018), 'http-429'],
  ...['QpsLimitForApi', 'QpsLimitForAppkeyAndApi', 'QpmLimitForAppkeyAndApi'].map(
    (name) => `Forbidden.AccessDenied.${name}`,
  ),
  ...['system.busy', 'systemBusy', 'system.error', 'server.error'],
  'Missing<name>',
];

function dingTalkCodesOf(name: Problem): string[] {
  return shorten([...codesOf(name), ...PASSING_CODES.filter((code) => problemOf(code) === name)]);
}

function problemOf(code: string): Problem {
  const detail = { api: '/topapi/v2/user/get', code, mayHaveHadEffect: true };
  return fromDingTalk(new DingTalkError(code === NO_ANSWER ? 'unreachable' : 'rejected', detail)).problem;
}

/** Settings and placeholders as code, which also keeps a page from taking `$…$` for a formula. */
function asCode(text: string): string {
  const names = /https:\/\/[^\s，]*\$CORPID\$|\$CORPID\$|\b[A-Z]+(?:_[A-Z]+)+\b(?:=\w+)?/g;
  const parts = text.split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith('`') ? part : part.replace(names, '`$&`'))).join('');
}

/** Runs of three and more numbers become `90001–90018`. */
function shorten(codes: string[]): string[] {
  const runs: string[][] = [];
  for (const code of codes) {
    const run = runs.at(-1);
    if (run && Number(code) === Number(run.at(-1)) + 1) run.push(code);
    else runs.push([code]);
  }
  return runs.flatMap((run) => (run.length < 3 ? run : [`${run[0]}–${run.at(-1)}`]));
}

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Recipes of the gate: name to file and to the language of the example. */
const RECIPES: Record<string, [file: string, language: string]> = {
  nginx: ['nginx.conf', 'nginx'],
  'nginx-main': ['nginx-main.conf', 'nginx'],
  caddy: ['Caddyfile', 'text'],
  haproxy: ['haproxy.cfg', 'text'],
  'haproxy-lua': ['haproxy.lua', 'lua'],
  httpd: ['httpd.conf', 'apache'],
  'httpd-lua': ['httpd.lua', 'lua'],
  traefik: ['traefik.yaml', 'yaml'],
  'envoy-gateway': ['envoy-gateway.yaml', 'yaml'],
  apisix: ['apisix.yaml', 'yaml'],
  higress: ['higress.yaml', 'yaml'],
};

export const RECIPE_NAMES = Object.keys(RECIPES);

/** A recipe as its page shows it. */
export function recipeExample(name: string): string {
  const [file, language] = RECIPES[name] ?? [];
  return `\`\`\`${language}\n${readFileSync(`gate/recipes/${file}`, 'utf8').trimEnd()}\n\`\`\``;
}

/** Files of recipes that the page does not show. */
export function recipesNotShown(): string[] {
  const shown = Object.values(RECIPES).map(([file]) => file);
  return readdirSync('gate/recipes').filter((file) => !shown.includes(file));
}
