import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownName, shownText } from '../../lib/shown-text';

/** Written as code points: in an editor they could not be seen. */
const from = (...codes: number[]) => String.fromCodePoint(...codes);

const WITHOUT_SHAPE = [
  ...[0x00, 0x09, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0xa0, 0xad],
  ...[0x034f, 0x061c, 0x115f, 0x1160, 0x1680, 0x17b4, 0x17b5, 0x180b, 0x180e],
  ...[0x2000, 0x2003, 0x200a, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c],
  ...[0x202d, 0x202e, 0x202f, 0x205f, 0x2060, 0x2061, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x206f],
  ...[0x2800, 0x3000, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xfffb, 0xfffc, 0xfffe, 0x1d159],
  ...[0x1d173, 0xe0001, 0xe0041, 0xe0100, 0x10ffff],
];

test.each(WITHOUT_SHAPE.map((code) => [code.toString(16), code] as const))(
  'a name of U+%s alone is the user id, before and after letters it is gone',
  (_, code) => {
    expect(shownText(from(code, code, code))).toBeUndefined();
    expect(shownName(from(code), 'zhangsan')).toBe('zhangsan');
    expect(shownText(`${from(code)}张三`)).toBe('张三');
  },
);

test.each([
  ['张\u202e三', '张三'],
  ['\u2067abc\u2069', 'abc'],
  ['admin\u200b\u2060', 'admin'],
  ['a\r\nb', 'a  b'],
  ['a\u2028b', 'a b'],
  ['\ud800', '\ufffd'],
  [`e${'\u0301'.repeat(40)}`, `e${'\u0301'.repeat(8)}`],
  ['a\u200d\u200db', 'ab'],
  ['🏴\u{e0067}\u{e0062}', '🏴'],
])('%j is shown as %j', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});

test.each([
  '👨‍👩‍👧',
  'نمی‌خواهم',
  'क्‍ष',
  '❤️',
  '葛󠄀城',
  '김민수',
  'José',
  'محمد',
  'Nguyễn',
  '𠮷野',
  'O’Brien',
  '***',
  '=1+1',
])('%s is shown as it came', (text) => {
  expect(shownText(text)).toBe(text);
});

test('whatever a name is, what is shown has something to see and nothing that turns it around', () => {
  const piece = fc.oneof(
    fc.constantFrom(...WITHOUT_SHAPE.map((code) => from(code))),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('张', 'a', 'ع', '\u0301', '\ud83d', '👩'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const shown = shownName(pieces.join(''), 'u1');
      expect(shown).toMatch(/[\p{L}\p{N}\p{P}\p{S}\p{Co}]/u);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u3164\u2800]/u);
      expect(shownName(shown, 'u1')).toBe(shown);
    }),
    { numRuns: 2000 },
  );
});
