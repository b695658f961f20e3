import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { benchPlot, benchTables, type Results } from '../bench/report';
import { parseConfig } from '../lib/config';
import type { Language } from '../lib/i18n';
import { LOG_EVENTS } from '../lib/i18n/log-events';
import { SETTING_NAMES } from '../lib/settings';
import { AUDIT_EVENTS } from '../lib/storage/audit-line';
import { doctorChecksTables, doctorFaultEntries } from './support/doctor-docs';
import { exampleSettings } from './support/env-example';
import {
  corporaTable,
  logEventsTable,
  metricsTable,
  RECIPE_NAMES,
  recipeExample,
  recipesNotShown,
  requiredSettingsTable,
  settingsTables,
  troubleshootingEntries,
} from './support/generated-docs';
import { anchorsOf, linksIn, markedPart, outlineOf, withMarkedPart } from './support/markdown';

const LANGUAGES: [language: Language, readme: string, folder: string][] = [
  ['en', 'README.md', 'docs'],
  ['zh-CN', 'README.zh-CN.md', 'docs/zh-CN'],
];
const ENGLISH_PAGES = pagesUnder('docs').filter((page) => !page.startsWith('zh-CN/'));
const CHINESE_PAGES = pagesUnder('docs/zh-CN');
const DOCUMENTS = [
  ...['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'ARCHITECTURE.md'],
  ...['emulator/README.md', 'bench/peers/README.md'],
  ...pagesUnder('docs').map((page) => `docs/${page}`),
];

describe.each(LANGUAGES)('what is generated, in %s,', (language, readme, folder) => {
  const generated: [what: string, file: string, name: string, generate: () => string][] = [
    ['the required settings', readme, 'required-settings', () => requiredSettingsTable(language)],
    ['the settings', `${folder}/settings.md`, 'settings', () => settingsTables(language)],
    ['the errors', `${folder}/troubleshooting.md`, 'errors', () => troubleshootingEntries(language)],
    ['what was measured', `${folder}/performance.md`, 'bench', () => benchTables(benchResults(), language)],
    ['the metrics', `${folder}/monitoring.md`, 'metrics', () => metricsTable(language)],
    ['the log', `${folder}/monitoring.md`, 'log-events', () => logEventsTable(language)],
    ['the checks of the doctor', `${folder}/doctor.md`, 'doctor-checks', () => doctorChecksTables(language)],
    ['what the doctor may name', `${folder}/doctor.md`, 'doctor-faults', () => doctorFaultEntries(language)],
    ['the lists of hostile input', `${folder}/security.md`, 'corpora', () => corporaTable(language)],
    ...RECIPE_NAMES.map(
      (name) =>
        [`the recipe ${name}`, `${folder}/recipes.md`, `recipe-${name}`, () => recipeExample(name)] as [
          string,
          string,
          string,
          () => string,
        ],
    ),
  ];
  test.each(generated)('%s: as the code says', (_, file, name, generate) => {
    const content = generate();
    if (process.env.UPDATE_DOCS) {
      const updated = withMarkedPart(read(file), name, content);
      if (updated !== read(file)) writeFileSync(file, updated);
    }
    expect(markedPart(read(file), name), `${file}: run \`npm run docs\``).toBe(content);
  });
});

test('every recipe of the gate is shown, and the first page takes ten commands', () => {
  expect(recipesNotShown()).toEqual([]);
  const commands = /^## From a clone[\s\S]*?```sh\n([\s\S]*?)```/m.exec(read('docs/recipes.md'))?.[1] ?? '';
  const lines = commands
    .replace(/<<'END'\n[\s\S]*?\nEND$/gm, '')
    .trim()
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(lines.filter((line) => /&&|;|\|/.test(line))).toEqual([]);
});

test('the plot of the bench shows what was measured', () => {
  const plot = benchPlot(benchResults());
  if (process.env.UPDATE_DOCS) writeFileSync('docs/bench.svg', plot);
  expect(read('docs/bench.svg'), 'run `npm run docs`').toBe(plot);
});

test('.env.example has every setting once and nothing else, each under a heading, with lines in both languages', () => {
  const settings = exampleSettings();
  expect(settings.map(({ name }) => name).sort()).toEqual([...SETTING_NAMES].sort());
  for (const { name, comment, section } of settings) {
    expect(comment.length, name).toBeGreaterThan(0);
    for (const text of [...comment, `${section['zh-CN']} · ${section.en}`]) {
      const [chinese = '', english = '', ...rest] = text.split(' · ');
      expect(chinese, name).toMatch(/\p{Script=Han}/u);
      expect(english, name).toMatch(/[a-z]{3}/);
      expect(rest, `${name}: one “ · ” a line`).toEqual([]);
    }
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

test('the log has every event of the table, and no other', () => {
  const found = ['lib', 'gate', 'app'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .flatMap((file) => {
        const text = read(`${folder}/${file}`);
        const written = [
          ...text.matchAll(/\blog(?:\(\)\.\w+)?\(\{\s*event: '([^']+)'/g),
          // A handler's line, and what is written later.
          ...text.matchAll(/access: '[^']+',(?:[^{}]*?)\bevent: '([^']+)'/g),
          ...text.matchAll(/\broute\('([^']+)'/g),
          ...text.matchAll(/\bconst line = \{\s*event: '([^']+)',\s*outcome/g),
          ...text.matchAll(/event: event \?\? '([^']+)'/g),
        ];
        return written.map(([, name]) => name);
      }),
  );
  expect(Object.keys(LOG_EVENTS).sort()).toEqual([...new Set(found)].sort());
});

test('every page of docs/ is there in both languages', () => {
  expect(CHINESE_PAGES).toEqual(ENGLISH_PAGES);
});

const PAIRS = [
  ['README.md', 'README.zh-CN.md'],
  ...ENGLISH_PAGES.map((page) => [`docs/${page}`, `docs/zh-CN/${page}`]),
] as [english: string, chinese: string][];

test.each(PAIRS)('%s and %s have the same outline, and link to each other', (english, chinese) => {
  expect(outlineOf(read(chinese))).toEqual(outlineOf(read(english)));
  expect(targetsOf(english)).toContain(chinese);
  expect(targetsOf(chinese)).toContain(english);
});

test.each(LANGUAGES)('the README in %s can be read in one go', (_, readme) => {
  expect(read(readme).trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  expect(Buffer.byteLength(read(readme))).toBeLessThanOrEqual(20 * 1024);
});

test.each(DOCUMENTS)(
  'every file and heading that %s points to exists, and every command it names',
  (file) => {
    for (const { file: target, anchor } of linksIn(read(file))) {
      const path = target ? join(dirname(file), target) : file;
      expect(existsSync(path), `${file} → ${target}`).toBe(true);
      if (anchor) expect(anchorsOf(read(path)), `${file} → ${target}#${anchor}`).toContain(anchor);
    }
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, script = ''] of read(file).matchAll(/\bnpm run ([\w:-]+)/g))
      expect(Object.keys(scripts), `${file}: npm run ${script}`).toContain(script);
  },
);

test.each(DOCUMENTS)('what the examples of %s import is exported there', (file) => {
  for (const [, names = '', path = ''] of read(file).matchAll(/^import \{([^}]+)\} from '@\/([^']+)';$/gm)) {
    const module = ['.ts', '.tsx'].map((ending) => path + ending).find((candidate) => existsSync(candidate));
    expect(module, `${file}: @/${path}`).toBeDefined();
    for (const name of names.split(',').map((part) => part.trim().replace('type ', '')))
      expect(read(module ?? ''), `${file}: ${name}`).toMatch(new RegExp(`^export .*\\b${name}\\b`, 'm'));
  }
});

test.each(LANGUAGES)('every page of docs/ in %s can be reached from the README', (_, readme, folder) => {
  const reached = new Set(targetsOf(readme));
  for (const file of reached)
    if (file.startsWith(folder) && file.endsWith('.md')) targetsOf(file).map((target) => reached.add(target));
  const pages = folder === 'docs' ? ENGLISH_PAGES : CHINESE_PAGES;
  expect(pages.filter((page) => !reached.has(`${folder}/${page}`))).toEqual([]);
});

describe.each(LANGUAGES)('the reference in %s', (_, __, folder) => {
  test('names the address of every route handler', () => {
    const handlers = readdirSync('app', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('route.ts'))
      .map((file) => `/${dirname(file)}`.replace(/\/\([a-z]+\)/g, '').replace(/\[\w+\]/g, ''));
    const page = read(`${folder}/http-api.md`);
    for (const address of handlers.filter((path) => !path.includes('[...'))) expect(page).toContain(address);
  });

  test('explains every kind of audit entry', () => {
    for (const event of AUDIT_EVENTS)
      expect(read(`${folder}/sessions-and-events.md`)).toContain(`| \`${event}\` |`);
  });

  test('says in at most 120 lines how the code is divided, with at most 20 words of its own', () => {
    const page = read(`${folder}/architecture.md`);
    expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
    const [glossary = ''] = page.split(/^## /m).slice(-2);
    const words = (glossary.match(/^\| /gm) ?? []).length - 2;
    expect(words).toBeGreaterThan(10);
    expect(words).toBeLessThanOrEqual(20);
  });

  test('says what each runtime dependency buys, and names no other', () => {
    const { dependencies } = JSON.parse(read('package.json'));
    const [section = ''] = read(`${folder}/architecture.md`).split(/^## /m).slice(-1);
    const packages = [...section.matchAll(/^- ([^—：]+)/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    expect(packages.sort()).toEqual(Object.keys(dependencies).sort());
  });
});

function pagesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.md')).sort();
}

/** The files that a page links to, from the root. */
function targetsOf(file: string): string[] {
  return linksIn(read(file))
    .filter((link) => link.file)
    .map((link) => join(dirname(file), link.file));
}

function benchResults(): Results {
  return JSON.parse(read('bench/results.json'));
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
