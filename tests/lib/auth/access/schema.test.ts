import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAccessFile } from '../../../../lib/auth/access/access-file';

/** The schema that editors complete by, and the documents' examples, against what the product takes. */

const schema = JSON.parse(readFileSync('access.schema.json', 'utf8'));
const { properties } = schema.items;
const condition = new RegExp(schema.definitions.condition.pattern, 'u');
const at = new RegExp(properties.at.pattern, 'u');

const problemsOf = (rule: object) => parseAccessFile(JSON.stringify([rule])).problems;
const takes = (entry: string) => problemsOf({ at: '/x', for: ['everybody', entry] }).length === 0;

test('the schema has the fields of a rule, and what each may be', () => {
  const whole = {
    at: 'a.example.com/x/*',
    for: ['everybody'],
    recent: properties.recent.maximum,
    origins: ['https://b.example.com'],
    tell: properties.tell.items.enum,
  };
  expect(Object.keys(properties).sort()).toEqual(Object.keys(whole).sort());
  expect(problemsOf(whole)).toEqual([]);
  expect(problemsOf({ ...whole, recent: properties.recent.maximum + 1 })).toHaveLength(1);
  for (const field of schema.items.required)
    expect(problemsOf({ ...whole, [field]: undefined })).toHaveLength(1);
  for (const example of properties.at.examples) {
    expect(example).toMatch(at);
    expect(problemsOf({ ...whole, at: example })).toEqual([]);
  }
});

test.each([
  ...schema.definitions.condition.examples.filter((entry: string) => entry !== 'everybody'),
  'zhangsan',
  'li.si-2',
  'leaders-of:=研发',
  'department:1',
  'not:role:审计',
  'not: person:a',
])('schema and product take the condition %j', (entry: string) => {
  expect({ schema: condition.test(entry), product: takes(entry) }).toEqual({ schema: true, product: true });
});

test.each(['', ' ', '财务部', 'departement:财务部', 'role:', 'not:', 'not:not:x', 'Department:财务'])(
  'schema and product refuse the condition %j',
  (entry) => {
    expect({ schema: condition.test(entry), product: takes(entry) }).toEqual({
      schema: false,
      product: false,
    });
  },
);

test.each(['docs/access.md', 'docs/zh-CN/access.md'])('the worked examples in %s are rules', (path) => {
  const examples = [...readFileSync(path, 'utf8').matchAll(/```jsonc\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  expect(examples.length).toBeGreaterThanOrEqual(5);
  for (const text of examples) expect(parseAccessFile(text).problems, text).toEqual([]);
});
