import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseQuery, planSearch } from '../../../lib/directory/search-query';
import type { SyncStore } from '../../../lib/directory/sync/run-store';
import { createSyncStore } from '../../../lib/directory/sync/run-store';
import { openDirectory } from '../../support/directory-file';
import { person, publishReading } from '../../support/directory-store-suite';

/**
 * Everybody is found by whatever their name may be typed as. How characters are read stands in a table of its own; of
 * the product nothing is used but the store.
 */

const table: {
  surnames: Record<string, string>;
  given: Record<string, string>;
  minority: Record<string, string>;
  traditional: string;
} = JSON.parse(readFileSync(new URL('../../support/name-readings.json', import.meta.url), 'utf8'));

/** A name and how each of its characters may be read. */
interface Drawn {
  name: string;
  readings: string[][];
  /** Characters of the family name, or of the first word. */
  first: number;
}

const DRAWN = 500;
const MOST = 64;
const seed = Number(process.env.NAMES_SEED ?? 20_261_128);
const random = generator(seed);

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

function drawChinese(): Drawn {
  const [surname, spoken] = pick(Object.entries(table.surnames));
  const given = Array.from({ length: 1 + Math.floor(random() * 2) }, () => pick(Object.entries(table.given)));
  return {
    name: surname + given.map(([character]) => character).join(''),
    readings: [...spoken.split('+'), ...given.map(([, readings]) => readings)].map((text) => text.split(' ')),
    first: [...surname].length,
  };
}

const DOTS = [...'·•‧・･．.。∙⋅᛫ㆍ—-', ' ', ' · '];

function drawLong(): Drawn {
  const word = () =>
    Array.from({ length: 3 + Math.floor(random() * 5) }, () => pick(Object.entries(table.minority)));
  const [first, second] = [word(), word()];
  const written = (entries: [string, string][]) => entries.map(([character]) => character).join('');
  return {
    name: written(first) + pick(DOTS) + written(second),
    readings: [...first, ...second].map(([, readings]) => readings.split(' ')),
    first: first.length,
  };
}

/** Every combination of readings; of more than 64, those that differ least from the common ones. */
function combinationsOf(readings: string[][]): string[][] {
  let all: { parts: string[]; cost: number }[] = [{ parts: [], cost: 0 }];
  for (const unit of readings) {
    all = all.flatMap(({ parts, cost }) =>
      unit.map((reading, rank) => ({ parts: [...parts, reading], cost: cost + Math.min(rank, 1) })),
    );
  }
  const sorted = all.sort((a, b) => a.cost - b.cost);
  // Which of several equally likely ones are the last of the 64 is nobody's to say.
  const most = sorted.length > MOST ? sorted.filter(({ cost }) => cost < sorted[MOST]!.cost) : sorted;
  return most.map(({ parts }) => parts);
}

async function storeOf(names: readonly string[]): Promise<SyncStore> {
  const db = await openDirectory();
  const store = createSyncStore(() => db);
  await publishReading(store, {
    tree: { 1: undefined },
    people: { 1: names.map((name, at) => person(`id${at}`, { name })) },
  });
  return store;
}

async function idsFor(store: SyncStore, typed: string): Promise<string[]> {
  const plan = planSearch(parseQuery(typed).terms.join(' '), false);
  const { people } = await store.find(plan, { accepts: () => true, limit: 200 });
  return people.map(({ member }) => member.userId);
}

const initialsOf = (syllables: string[]) => syllables.map((syllable) => syllable[0]).join('');

describe.each([
  ['Chinese names', drawChinese],
  ['long names of minorities', drawLong],
])(`%s (seed ${seed})`, (_, draw) => {
  const drawn = Array.from({ length: DRAWN }, draw);
  let store: SyncStore;
  beforeAll(async () => {
    store = await storeOf(drawn.map(({ name }) => name));
  });

  async function misses(typedFor: (syllables: string[], drawn: Drawn) => string[]): Promise<string[]> {
    const missed: string[] = [];
    for (const [at, one] of drawn.entries()) {
      const typed = new Set(combinationsOf(one.readings).flatMap((syllables) => typedFor(syllables, one)));
      for (const text of typed) {
        if (!(await idsFor(store, text)).includes(`id${at}`)) missed.push(`${one.name} by ${text}`);
      }
    }
    return missed;
  }

  test('every reading of the whole name', async () => {
    expect(await misses((syllables) => [syllables.join('')])).toEqual([]);
  });

  test('the initials of every reading', async () => {
    expect(await misses((syllables) => [initialsOf(syllables)])).toEqual([]);
  });

  test('what stands after the family name, or after the dot', async () => {
    expect(await misses((syllables, { first }) => [syllables.slice(first).join('')])).toEqual([]);
  });
});

const traditionalOf = new Map(table.traditional.split(' ').map((pair) => [...pair] as [string, string]));

test('traditional and simplified forms find one another, whole and in part', async () => {
  const simplified = [...traditionalOf.keys()];
  const names = Array.from({ length: 300 }, () => [pick(simplified), pick(simplified), pick(simplified)]);
  const inTraditional = names.map((name) => name.map((character) => traditionalOf.get(character)!).join(''));
  const stored = names.map((name, at) => (at % 2 ? name.join('') : inTraditional[at]!));
  const store = await storeOf(stored);
  const missed: string[] = [];
  for (const [at, name] of names.entries()) {
    for (const whole of [name.join(''), inTraditional[at]!]) {
      for (const typed of [whole, whole.slice(1)]) {
        if (!(await idsFor(store, typed)).includes(`id${at}`)) missed.push(`${stored[at]} by ${typed}`);
      }
    }
  }
  expect(missed).toEqual([]);
});

/** What is stored, and what is typed. */
const ONE_BY_ONE: [name: string, typed: string[]][] = [
  ['陈朝晖', ['chenzhaohui', 'chenchaohui', 'zhaohui', 'czh', 'cch']],
  ['王乐', ['wangyue', 'wangle', 'wy', 'wl']],
  ['覃朗', ['tanlang', 'qinlang', 'tl', 'ql']],
  ['张乾', ['zhangqian', 'zq']],
  ['張乾坤', ['zhangqiankun', '张乾坤', '乾坤']],
  ['张著', ['zhangzhu']],
  ['單樂', ['shanyue', 'danle', '单乐']],
  ['吕绿', ['lvlv', 'lulu', 'lyulyu', 'lülü']],
  [
    '阿卜杜热西提·库尔班',
    [
      'kuerban',
      '库尔班',
      'abudurexitikuerban',
      '阿卜杜热西提库尔班',
      '阿卜杜热西提•库尔班',
      '阿卜杜热西提 库尔班',
      'abdrxtkeb',
      'keb',
      'xitikuerban',
    ],
  ],
  ['김민수', ['김민수', '민수', '수', '김']],
  ['남궁 민수', ['남궁민수', '민수']],
  ['さとう たろう', ['たろう', 'さとうたろう', 'タロウ', 'ろう', 'ﾀﾛｳ']],
  ['サトウジロー', ['ジロー', 'さとう', 'ｻﾄｳ', 'じろー']],
  ['สมชาย ใจดี', ['สมชาย', 'ชาย', 'ใจดี', 'ใจ']],
  ['ສົມພອນ', ['ພອນ']],
  ['သန်းထွန်း', ['ထွန်း']],
  ['សុខា', ['ខា']],
  ['བསོད་ནམས', ['ནམས']],
  ['ꀉꁂꂷ', ['ꁂꂷ']],
  ['José Muñoz', ['jose', 'munoz', 'José', 'JOSE MUNOZ', 'mun']],
  ['Søren Ægir Łukasz', ['soren', 'søren', 'aegir', 'lukasz']],
  ['Jürgen Groß', ['jurgen', 'juergen', 'gross', 'GROSS', 'groß']],
  ['Алёна Королёва', ['алена', 'АЛЁНА', 'королева', 'коро']],
  ['İbrahim Işık', ['ibrahim', 'isik', 'IBRAHIM', 'ışık', 'i̇brahim']],
  ['Nguyễn Thị Đào', ['nguyen', 'dao', 'thi', 'nguyen thi dao']],
  ['Shohrux Oʻgʻli', ["o'g'li", 'ogli', 'o‘g‘li']],
  ['Γιώργος', ['γιωργος', 'ΓΙΩΡΓΟΣ']],
  ['محمد علي', ['محمد', 'علی', 'علي']],
  ['ＺＨＡＮＧ　Ｗｅｉ', ['zhang wei', 'zhangwei', 'wei', 'ｚｈａｎｇ']],
  ['ﾔﾏﾀﾞ', ['ヤマダ', 'やまだ', 'マダ']],
  ['张\u200b三', ['张三', 'zhangsan']],
  ['ㅤ김철수ㅤ', ['김철수', '철수']],
  ['李𬭚', ['李𬭚', '𬭚']],
  ['王\u202e小明', ['王小明', '小明']],
];

test('names of other scripts, and other spellings of a name', async () => {
  const store = await storeOf(ONE_BY_ONE.map(([name]) => name));
  const missed: string[] = [];
  for (const [at, [name, typed]] of ONE_BY_ONE.entries()) {
    for (const text of typed) {
      if (!(await idsFor(store, text)).includes(`id${at}`)) missed.push(`${name} by ${text}`);
    }
  }
  expect(missed).toEqual([]);
});

test('a user id is found as it is typed, in any case, and no other by its beginning', async () => {
  const db = await openDirectory();
  const store = createSyncStore(() => db);
  await publishReading(store, {
    tree: { 1: undefined },
    people: {
      1: [
        person('ZhangSan01', { name: '甲', jobNumber: 'HR-00A7' }),
        person('zhang.san_02@x', { name: '乙', jobNumber: 'ＡＢ１２' }),
        person('016836201234567', { name: '丙' }),
      ],
    },
  });
  const typed = [
    'ZhangSan01',
    'zhangsan01',
    'ZHANGSAN01',
    ' ZhangSan01 ',
    'Zhang.San_02@X',
    '016836201234567',
  ];
  expect(await Promise.all(typed.map((text) => idsFor(store, text)))).toEqual([
    ...Array(4).fill(['ZhangSan01']),
    ['zhang.san_02@x'],
    ['016836201234567'],
  ]);
  expect(await idsFor(store, '01683620')).toEqual([]);
  for (const number of ['HR-00A7', 'hr00a7', 'ｈｒ-00a'])
    expect(await idsFor(store, number)).toEqual(['ZhangSan01']);
  for (const number of ['ab12', 'AB12', 'ＡＢ１２'])
    expect(await idsFor(store, number)).toEqual(['zhang.san_02@x']);
});

test('a name of many readings is one person, and hides nobody behind them', async () => {
  // The second character parts the people in the order of the index: all keys of one come before those of the next.
  const many = Object.entries(table.given)
    .filter(([, readings]) => !readings.includes(' '))
    .map(([second], n) => person(`many${n}`, { name: `单${second}乐参伽说` }));
  expect(many.length).toBeGreaterThan(21);
  const db = await openDirectory();
  const store = createSyncStore(() => db);
  await publishReading(store, {
    tree: { 1: undefined },
    people: { 1: [...many, person('last', { name: '单一' })] },
  });
  const plan = planSearch('shan', false);
  const found = await store.find(plan, { accepts: ({ member }) => member.userId === 'last', limit: 5 });
  expect(found.people.map(({ member }) => member.userId)).toEqual(['last']);
  const first = await store.find(plan, { accepts: () => true, limit: 21 });
  expect(new Set(first.people.map(({ member }) => member.userId)).size).toBe(21);
  // Ranked, not only what the full-text index adds when the ranking is exhausted.
  expect(new Set(first.people.map(({ kind }) => kind))).toEqual(new Set(['pinyin']));
});
