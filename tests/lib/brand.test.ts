import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { BrandFileError, readBrand } from '../../lib/brand';
import { DOOR_PATH, iconPng, iconSvg } from '../../lib/brand-icon';
import { messagesIn } from '../../lib/i18n';

const folder = mkdtempSync(join(tmpdir(), 'brand-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PNG = iconPng(16, { brand: '#0f6f6b', on: '#ffffff' });
writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
writeFileSync(join(folder, 'icon.png'), PNG);
writeFileSync(join(folder, 'photo.png'), 'GIF89a');
writeFileSync(join(folder, 'photo.gif'), 'GIF89a');
writeFileSync(join(folder, 'large.png'), Buffer.concat([PNG, Buffer.alloc(300_000)]));

function written(content: unknown): string {
  const path = join(folder, `brand-${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('without a file, there is a colour and nothing else', () => {
  const brand = readBrand(undefined);
  expect(brand.colours.light.brand).toBe('#0f6f6b');
  expect([brand.name, brand.logo, brand.icon, brand.support, brand.footer]).toEqual(Array(5).fill(undefined));
});

test('one text is for both languages; pictures are found beside the file', () => {
  const brand = readBrand(
    written({
      name: 'Acme',
      color: '#1F3A93',
      logo: 'logo.svg',
      icon: 'icon.png',
      support: { text: { 'zh-CN': '联系 IT', en: 'Ask IT' }, href: 'mailto:it@acme.example' },
      footer: 'Acme Ltd.',
    }),
  );
  expect(brand.name).toEqual({ 'zh-CN': 'Acme', en: 'Acme' });
  expect(brand.colours.light.brand).toBe('#1f3a93');
  expect([brand.logo?.type, brand.icon?.type]).toEqual(['image/svg+xml', 'image/png']);
  expect(brand.support?.text.en).toBe('Ask IT');
  expect(brand.warnings).toEqual([]);
});

test('a byte order mark is no error, and another content has another version', () => {
  const [one, other] = [readBrand(written('\ufeff{"name":"A"}')), readBrand(written({ name: 'B' }))];
  expect(one.name?.en).toBe('A');
  expect(one.version).not.toBe(other.version);
});

test.each<[unknown, RegExp]>([
  ['', /is not valid JSON \/ 不是合法的 JSON/],
  ['{"name":', /is not valid JSON/],
  ['[]', /the whole \/ 整体/],
  ['null', /the whole/],
  [{ nmae: 'Acme' }, /"nmae" is no field \/ 没有这样的字段 \(name, color/],
  [{ name: '' }, /name must be a text of 1 to 40/],
  [{ name: 'x'.repeat(41) }, /name must be a text of 1 to 40/],
  [{ name: { en: 'Acme' } }, /name must be a text/],
  [{ color: 'teal' }, /color must be a colour such as "#0f6f6b"/],
  [{ color: '#fff' }, /color must be a colour/],
  [{ color: '#0f6f6b;}' }, /color must be a colour/],
  [{ logo: 'nothing.svg' }, /logo cannot be read \/ 无法读取: ENOENT/],
  [{ logo: 'photo.gif' }, /logo must be an SVG or PNG file/],
  [{ logo: 'photo.png' }, /logo must be an SVG or PNG file/],
  [{ logo: 'large.png' }, /logo is larger than 256 KiB/],
  [{ icon: 'logo.svg' }, /icon must be a PNG file/],
  [{ support: { text: 'IT' } }, /support\.href must begin with/],
  [{ support: { text: 'IT', href: 'javascript:alert(1)' } }, /support\.href must begin with https/],
  [{ support: { text: 'IT', href: 'http://it.example' } }, /support\.href must begin with https/],
  [{ support: { text: '', href: 'tel:1' } }, /support\.text must be a text/],
  [{ footer: 7 }, /footer must be a text of 1 to 120/],
])('%j is refused, and the message names the file and the field', (content, message) => {
  const path = written(content);
  expect(() => readBrand(path)).toThrow(BrandFileError);
  expect(() => readBrand(path)).toThrow(message);
  expect(() => readBrand(path)).toThrow(path);
});

test('a file that is not there is named', () => {
  expect(() => readBrand('/nowhere/brand.json')).toThrow(
    /\/nowhere\/brand\.json: cannot be read \/ 无法读取: ENOENT/,
  );
});

test('the drawn icon is a whole PNG of its size, in the company’s colours', () => {
  const size = 192;
  const png = iconPng(size, { brand: '#1f3a93', on: '#ffffff' });
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
  const length = png.readUInt32BE(33);
  expect(png.toString('latin1', 37, 41)).toBe('IDAT');
  const pixels = inflateSync(png.subarray(41, 41 + length));
  expect(pixels.length).toBe(size * (size * 3 + 1));
  expect([...pixels.subarray(1, 4)]).toEqual([0x1f, 0x3a, 0x93]);
  // The threshold of the door.
  const row = Math.round((25 / 32) * size);
  expect([...pixels.subarray(row * (size * 3 + 1) + 1 + (size / 2) * 3).subarray(0, 3)]).toEqual([
    255, 255, 255,
  ]);
  expect(png.toString('latin1', png.length - 8, png.length - 4)).toBe('IEND');
  expect(iconSvg({ brand: '#1f3a93', on: '#ffffff' })).toContain('#1f3a93');
});

test('the workbench shows the app under the name and the mark that it has by itself', () => {
  const texts = readFileSync('emulator/workbench/browser/texts.js', 'utf8');
  expect([...texts.matchAll(/appName: '(.*)'/g)].map(([, name]) => name)).toEqual([
    messagesIn('zh-CN').appName,
    messagesIn('en').appName,
  ]);
  const logo = readFileSync('emulator/workbench/browser/logo.svg', 'utf8');
  expect(logo).toContain(`d="${DOOR_PATH}"`);
  expect(logo).toContain(`fill="${readBrand(undefined).colours.light.brand}"`);
});

test('every icon has a name, and every name an icon', () => {
  const drawn = [...readFileSync('app/_ui/icons.svg', 'utf8').matchAll(/<symbol id="(\w+)"/g)];
  const names = [...readFileSync('app/_ui/icon.tsx', 'utf8').matchAll(/^ {2}\| '(\w+)'/gm)];
  expect(names.map(([, name]) => name)).toEqual(drawn.map(([, name]) => name));
});
