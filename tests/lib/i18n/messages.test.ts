import { expect, test } from 'vitest';
import { mayRetry, type Problem, problems } from '../../../lib/errors';
import { type Language, messagesIn, preferredLanguage } from '../../../lib/i18n';
import { errorPage } from '../../../lib/i18n/error-page';

const LANGUAGES = ['zh-CN', 'en'] as const satisfies Language[];
const PROBLEMS = Object.keys(problems) as Problem[];
const everyText = LANGUAGES.flatMap((language) => PROBLEMS.map((problem) => ({ language, problem })));
const textOf = ({ language, problem }: (typeof everyText)[number]) => messagesIn(language).problems[problem];

test.each<[string | null | undefined, Language]>([
  [null, 'zh-CN'],
  [undefined, 'zh-CN'],
  ['', 'zh-CN'],
  ['  ', 'zh-CN'],
  ['*', 'zh-CN'],
  ['zh', 'zh-CN'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
  ['zh-Hans-CN', 'zh-CN'],
  ['zh-TW', 'zh-CN'],
  ['ZH_cn', 'zh-CN'],
  ['en', 'en'],
  ['en-US,en;q=0.9', 'en'],
  ['EN-GB', 'en'],
  ['en-US,en;q=0.9,zh-CN;q=0.8', 'en'],
  ['en;q=0.3,zh-CN;q=0.8', 'zh-CN'],
  ['en;q=0.3, zh;q=0.30', 'en'],
  ['zh;q=0,en', 'en'],
  ['fr-FR,zh;q=0.5,en;q=0.4', 'zh-CN'],
  ['fr-FR,en;q=0.5,zh;q=0.4', 'en'],
  ['fr', 'en'],
  ['de,ja;q=0.5', 'en'],
  ['fr,*;q=0.1', 'zh-CN'],
  ['enx', 'en'],
  [';;;,,,', 'en'],
  ['zh;q=abc', 'zh-CN'],
  [`${'fr,'.repeat(10_000)}zh`, 'en'],
])('Accept-Language %s means %s', (accepted, language) => {
  expect(preferredLanguage(accepted)).toBe(language);
});

test('a language is one that we have sentences in', () => {
  expect(LANGUAGES.map((language) => messagesIn(language))).toHaveLength(2);
  expect(messagesIn('zh-CN')).not.toEqual(messagesIn('en'));
});

test('both languages have the same keys, and no empty text', () => {
  const shape = (value: unknown): unknown => {
    if (typeof value === 'function') return 'text';
    if (typeof value === 'string') {
      expect(value.trim()).not.toBe('');
      return 'text';
    }
    return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, shape(item)]));
  };
  expect(shape(messagesIn('en'))).toEqual(shape(messagesIn('zh-CN')));
  expect(shape(errorPage.en)).toEqual(shape(errorPage['zh-CN']));
});

test.each(everyText)('$problem in $language: a sentence, a next step, a cause and a remedy', (which) => {
  for (const text of Object.values(textOf(which))) {
    expect(text.trim().length).toBeGreaterThan(3);
    expect(text).not.toMatch(/undefined|null|\[object|TODO/);
  }
  expect(Object.keys(textOf(which)).sort()).toEqual(['cause', 'next', 'person', 'remedy']);
});

test.each(everyText)('$problem in $language is written in that language', (which) => {
  const { person, next } = textOf(which);
  // Product names and codes may be in the other one.
  if (which.language === 'en') expect(person + next).not.toMatch(/\p{Script=Han}/u);
  else expect([person, next].every((text) => /\p{Script=Han}/u.test(text))).toBe(true);
});

const passing = everyText.filter(({ problem }) => problems[problem].actor === 'nobody');
/** What its actor must mend where it lasts, and what may be over in a moment all the same. */
const mayPass = (problem: Problem) => 'mayPass' in problems[problem];
const needsSomebody = everyText.filter(
  ({ problem }) => ['developer', 'admin', 'operator'].includes(problems[problem].actor) && !mayPass(problem),
);

test.each(everyText.filter(({ problem }) => mayPass(problem)))(
  '$problem in $language may pass or last: it offers another try, and names the administrator for when it lasts',
  (which) => {
    const { next } = textOf(which);
    expect(next).toMatch(/“重试”|“Try again”/);
    expect(next).toMatch(/管理员|administrator/);
  },
);

test.each(everyText)('$problem in $language promises nothing that the product does not do', (which) => {
  const { person, next, cause, remedy } = textOf(which);
  // Nothing informs anybody, several machines are not supported, and the product is not a party that reads reports.
  expect(person + next + cause + remedy).not.toMatch(
    /已通知|已报告|已告知|informed|notified|增加实例|add instances|报告给 dingpass|to dingpass|很快|shortly be/i,
  );
  // Cause and remedy are read in lists, too, with nothing above or below them.
  expect(cause + remedy).not.toMatch(/below|above|见下|下面|如下|上面|以下/i);
});

test.each(passing)(
  '$problem in $language passes by itself, so it sends nobody to the administrator',
  (which) => {
    const { person, next } = textOf(which);
    expect(person + next).not.toMatch(/管理员|administrator|admin\b|request id|请求编号/i);
  },
);

test.each(needsSomebody)(
  '$problem in $language needs somebody else, so it never says "try again"',
  (which) => {
    const { person, next } = textOf(which);
    expect(person + next).not.toMatch(/重试|再试|稍后|稍等|try again|retry|later|wait/i);
  },
);

test.each(PROBLEMS)('%s offers a retry button exactly where trying again can help', (problem) => {
  // Asking again does not change the organisation that the client is in.
  const passes = ['nobody', 'person'].includes(problems[problem].actor) && problem !== 'corp-mismatch';
  const helps = passes || mayPass(problem);
  expect(mayRetry(problem)).toBe(helps);
});

test.each(everyText.filter(({ problem }) => !mayRetry(problem)))(
  '$problem in $language has no retry button, and its text names none',
  (which) => {
    expect(textOf(which).next).not.toMatch(/“重试”|“Try again”/);
  },
);

test.each(PROBLEMS)('%s has a status that fits its code', (problem) => {
  const { status, code } = problems[problem];
  expect(code).toMatch(/^[A-Z_]+$/);
  expect(status === 0 || (status >= 400 && status < 600)).toBe(true);
});

test.each([
  ['unreachable', 'UPSTREAM_UNAVAILABLE', '钉钉服务暂时无法连接，请稍后重试。已登录的用户不受影响。'],
  ['throttled', 'UPSTREAM_BUSY', '当前登录繁忙，请稍后再试。'],
  ['quota-spent', 'UPSTREAM_QUOTA', '登录服务暂不可用。已登录的用户不受影响。'],
  ['code-refused', 'CODE_INVALID', '登录凭证已失效，请重新打开应用。'],
  ['not-allowed', 'NOT_ALLOWED', '您不在该应用的可见范围内，请联系管理员。'],
  ['bad-credentials', 'APP_MISCONFIGURED', '应用配置有误，请联系管理员。'],
] as const)('%s is %s to programs, and to people what was agreed', (problem, code, sentence) => {
  expect(problems[problem].code).toBe(code);
  expect(messagesIn('zh-CN').problems[problem].person).toBe(sentence);
});
