import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { benchPlot, benchTable, type Results } from '../bench/report';
import { parseConfig, SETTING_NAMES } from '../lib/config';
import { DingTalkError } from '../lib/dingtalk/errors';
import { codesOf, fromDingTalk, type Problem, problems } from '../lib/errors';
import { type Language, messagesIn } from '../lib/messages';

const READMES: [file: string, language: Language][] = [
  ['README.zh-CN.md', 'zh-CN'],
  ['README.md', 'en'],
];

const WORDS = {
  'zh-CN': {
    columns: ['错误', '看到的话', '原因', '处理办法', '由谁处理', '钉钉错误码'],
    inBrowser: '只在页面上',
    corpus: ['清单', '条数'],
    none: '（还没有清单）',
  },
  en: {
    columns: ['error', 'what people see', 'cause', 'remedy', 'who acts', 'DingTalk’s codes'],
    inBrowser: 'on the page only',
    corpus: ['list', 'entries'],
    none: '(no lists yet)',
  },
};

/** A service behind DingTalk's gateway timed out: the telephone takes it for no answer. */
const NO_ANSWER = '15';

/** Codes that are sorted by their nature and not by a list: DingTalk is busy, or asks for fewer calls. */
const PASSING_CODES = [
  ...['-1', NO_ANSWER, '88', '45009', ...range(90001, 90018), 'http-429'],
  ...['QpsLimitForApi', 'QpsLimitForAppkeyAndApi', 'QpmLimitForAppkeyAndApi'].map(
    (name) => `Forbidden.AccessDenied.${name}`,
  ),
  ...['system.busy', 'systemBusy', 'system.error', 'server.error'],
];

test.each(READMES)('the troubleshooting table of %s is what the catalogue says', (file, language) => {
  expectGenerated(file, 'troubleshooting', troubleshootingTable(language));
});

test.each(READMES)('%s counts the corpora of hostile input as they are', (file, language) => {
  expectGenerated(file, 'corpora', corporaTable(language));
});

test.each(READMES)('the table of the bench in %s is what was measured', (file, language) => {
  expectGenerated(file, 'bench', benchTable(benchResults(), language));
});

test('the plot of the bench shows what was measured', () => {
  const plot = benchPlot(benchResults());
  if (process.env.UPDATE_DOCS) writeFileSync('docs/bench.svg', plot);
  expect(read('docs/bench.svg'), 'run `npm run docs`').toBe(plot);
});

test.each(READMES)('%s has a row for every setting, with its default', (file) => {
  const rows = read(file).split('\n');
  for (const name of SETTING_NAMES) {
    const row = rows.find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row, name).toBeDefined();
    const fallback = exampleSettings().find((setting) => setting.name === name)?.value;
    if (fallback) expect(row).toContain(`\`${fallback}\``);
  }
});

test('.env.example has every setting once and nothing else, each with a line in both languages above it', () => {
  expect(
    exampleSettings()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...SETTING_NAMES].sort());
  for (const { name, comment } of exampleSettings()) {
    const [chinese = '', english = ''] = comment.split(' · ');
    expect(chinese, name).toMatch(/^# .*\p{Script=Han}/u);
    expect(english, name).toMatch(/[a-z]{3}/);
  }
});

test('.env.example works when its required settings are filled in, and shows the true defaults', () => {
  const filled = {
    DINGTALK_CORP_ID: 'dingexample',
    DINGTALK_CLIENT_ID: 'dingexamplekey',
    DINGTALK_CLIENT_SECRET: 'example-secret',
    PUBLIC_ORIGIN: 'https://door.example.com',
    SESSION_KEYS: `1:${'0'.repeat(32)}`,
  };
  const required = exampleSettings().filter(({ isOptional }) => !isOptional);
  expect(required.map(({ name, value }) => [name, value])).toEqual(
    Object.keys(filled).map((name) => [name, '']),
  );
  const defaults = Object.fromEntries(exampleSettings().map(({ name, value }) => [name, value]));
  expect(parseConfig({ ...defaults, ...filled })).toEqual(parseConfig(filled));
});

test('both READMEs have the same sections, examples and pictures, and link to each other', () => {
  const [chinese, english] = READMES.map(([file]) => outlineOf(read(file)));
  expect(chinese).toEqual(english);
  expect(read('README.zh-CN.md')).toContain('](README.md)');
  expect(read('README.md')).toContain('](README.zh-CN.md)');
});

test.each(['README.zh-CN.md', 'README.md', 'ARCHITECTURE.md'])(
  'every file that %s points to, and every command that it names, exists',
  (file) => {
    const text = read(file);
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
      expect(existsSync(target), target).toBe(true);
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, script = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g))
      expect(Object.keys(scripts), script).toContain(script);
  },
);

/** Compares the part of a README between two markers, or writes it where `UPDATE_DOCS` is set (`npm run docs`). */
function expectGenerated(file: string, name: string, content: string): void {
  const part = new RegExp(`(<!-- ${name}:start[^>]*-->\n)([\\s\\S]*?)(<!-- ${name}:end -->)`);
  const text = read(file);
  expect(text).toMatch(part);
  if (process.env.UPDATE_DOCS) {
    const updated = text.replace(part, (_, start, _old, end) => `${start}\n${content}\n\n${end}`);
    if (updated !== text) writeFileSync(file, updated);
  }
  expect(part.exec(read(file))?.[2]?.trim(), 'run `npm run docs`').toBe(content);
}

function troubleshootingTable(language: Language): string {
  const messages = messagesIn(language);
  const { columns, inBrowser } = WORDS[language];
  const passing = PASSING_CODES.map((code) => [code, problemOf(code)] as const);
  const rows = (Object.keys(problems) as Problem[]).map((problem) => {
    const { code, status, actor } = problems[problem];
    const { person, next, cause, remedy } = messages.problems[problem];
    const also = passing.filter(([, found]) => found === problem).map(([passingCode]) => passingCode);
    return [
      `\`${code}\`<br>${problem} · ${status || inBrowser}`,
      `${person}<br>${next}`,
      asCode(cause),
      asCode(remedy),
      messages.actors[actor],
      shorten([...codesOf(problem), ...also])
        .map((known) => `\`${known}\``)
        .join(' ') || '–',
    ];
  });
  return table([...columns], rows);
}

function corporaTable(language: Language): string {
  const { corpus, none } = WORDS[language];
  const files = existsSync('tests/corpora') ? readdirSync('tests/corpora').sort() : [];
  const rows = files
    .filter((file) => file.endsWith('.json'))
    .map((file) => [
      `\`${file}\``,
      String(JSON.parse(readFileSync(`tests/corpora/${file}`, 'utf8')).entries.length),
    ]);
  return rows.length > 0 ? table([...corpus], rows) : none;
}

function benchResults(): Results {
  return JSON.parse(read('bench/results.json'));
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function problemOf(code: string): Problem {
  const detail = { api: '/topapi/v2/user/get', code, mayHaveHadEffect: true };
  return fromDingTalk(new DingTalkError(code === NO_ANSWER ? 'unreachable' : 'rejected', detail)).problem;
}

/** Settings and placeholders as code, which also keeps a page from taking `$…$` for a formula. */
function asCode(text: string): string {
  return text.replace(/https:\/\/[^\s，]*\$CORPID\$|\$CORPID\$|\b[A-Z]+(?:_[A-Z]+)+\b(?:=\w+)?/g, '`$&`');
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

interface ExampleSetting {
  name: string;
  value: string;
  isOptional: boolean;
  /** The line above. */
  comment: string;
}

function exampleSettings(): ExampleSetting[] {
  return [...read('.env.example').matchAll(/^(.*)\n(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, comment = '', hash, name = '', value = '']) => ({
      name,
      value,
      isOptional: hash !== undefined,
      comment,
    }),
  );
}

/** Levels of headings, languages of examples, pictures: what must be the same in both languages. */
function outlineOf(text: string): string[] {
  const marks: string[] = [];
  let isExample = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) {
      isExample = !isExample;
      if (isExample) marks.push(line);
    } else if (!isExample) {
      const mark = /^#+ |!\[[^\]]*(\]\([^)]+\))|^<!-- .* -->$/.exec(line);
      if (mark) marks.push(mark[1] ?? mark[0]);
    }
  }
  return marks;
}

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
