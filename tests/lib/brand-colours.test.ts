import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type BrandColours, brandColours, colourWarnings, contrast, NEUTRALS } from '../../lib/brand-colours';

/** WCAG 2.2, 1.4.3: what text must have against its ground; 1.4.11 for what marks a field. */
const LEAST = 4.5;
const LEAST_OF_EDGES = 3;

const css = ['tokens', 'people']
  .map((part) => readFileSync(new URL(`../../app/_ui/style/${part}.css`, import.meta.url), 'utf8'))
  .join('');
const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => body!);

function coloursIn(block: string): Record<string, string> {
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

const schemes = {
  light: coloursIn(light),
  dark: { ...coloursIn(light), ...coloursIn(dark) },
};
const SCHEMES = ['light', 'dark'] as const;

const named = ({ brand, press, on, text, soft, tint }: BrandColours) => ({
  brand,
  'brand-press': press,
  'brand-on': on,
  'brand-text': text,
  'brand-soft': soft,
  'brand-tint': tint,
});

/** What is written in what, and on which grounds it stands. */
const WRITTEN: Record<string, string[]> = {
  ink: ['ground', 'surface', 'raised', 'brand-soft', 'warn-soft', 'ok-soft', 'bad-soft'],
  'ink-soft': ['ground', 'surface', 'raised', 'brand-soft', 'warn-soft', 'bad-soft', 'line'],
  'brand-text': ['ground', 'surface', 'brand-soft'],
  'brand-on': ['brand', 'brand-press'],
  ok: ['surface', 'ok-soft'],
  warn: ['surface', 'warn-soft'],
  bad: ['surface', 'ground', 'bad-soft'],
  'bad-on': ['bad'],
};

const pairs = Object.entries(WRITTEN).flatMap(([text, grounds]) =>
  grounds.flatMap((ground) => SCHEMES.map((scheme) => [text, ground, scheme] as const)),
);

function ratiosBelow(colour: string): string[] {
  const brand = brandColours(colour);
  return pairs.flatMap(([text, ground, scheme]) => {
    const colours: Record<string, string> = { ...schemes[scheme], ...named(brand[scheme]) };
    const ratio = contrast(colours[text]!, colours[ground]!);
    return ratio >= LEAST ? [] : [`${colour}: ${text} on ${ground}, ${scheme}: ${ratio.toFixed(2)}`];
  });
}

test('every text can be read on its ground, in both schemes', () => {
  expect(ratiosBelow('#0f6f6b')).toEqual([]);
});

test('whatever colour a company has, what follows from it can be read', () => {
  const steps = Array.from({ length: 12 }, (_, at) => Math.round((at * 255) / 11));
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  const bad = steps.flatMap((red) =>
    steps.flatMap((green) =>
      steps.flatMap((blue) => ratiosBelow(`#${hex(red)}${hex(green)}${hex(blue)}`).slice(0, 1)),
    ),
  );
  expect(bad).toEqual([]);
});

test.each([
  ['#ffffff', ['near-white']],
  ['#f6f9ff', ['near-white']],
  ['#b02a20', ['near-red']],
  ['#c8102e', ['near-red']],
  ['#0f6f6b', []],
  ['#1f3a93', []],
  ['#ff6a00', []],
  ['#000000', []],
])('a colour that can be mistaken is named: %s', (colour, warnings) => {
  expect(colourWarnings(colour)).toEqual(warnings);
});

test.each(SCHEMES)('the brand is derived against the colours that the pages have, %s', (scheme) => {
  const names = { ground: 'ground', surface: 'surface', raised: 'raised', ink: 'ink', inkSoft: 'ink-soft' };
  for (const [key, value] of Object.entries(NEUTRALS[scheme]))
    expect(schemes[scheme][names[key as keyof typeof names]]).toBe(value);
});

test.each(SCHEMES)('the edge of a field is seen, %s', (scheme) => {
  expect(contrast(schemes[scheme].control!, schemes[scheme].surface!)).toBeGreaterThanOrEqual(LEAST_OF_EDGES);
});

test.each(SCHEMES)('avatars can be read, %s', (scheme) => {
  const blocks = css.match(/\.(?:avatar|tone-\d) \{[^}]*\}/g) ?? [];
  const tones = blocks.flatMap((block) => {
    const background = /background: (#\w{6});/.exec(block)?.[1];
    const colour = /[^-]color: (#\w{6});/.exec(block)?.[1];
    return background && colour ? [contrast(background, colour)] : [];
  });
  expect(tones).toHaveLength(14);
  const half = scheme === 'light' ? tones.slice(0, 7) : tones.slice(7);
  expect(Math.min(...half)).toBeGreaterThanOrEqual(LEAST);
});

describe('style sheets', () => {
  const root = new URL('../../app/', import.meta.url);
  const sheets = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.css'),
  );

  test.each(sheets)('%s: every colour of text is in the table', (file) => {
    const sheet = readFileSync(new URL(file.split('/').map(encodeURIComponent).join('/'), root), 'utf8');
    const used = [...sheet.matchAll(/[^-]color: var\(--([\w-]+)\)/g)].map(([, name]) => name!);
    // Arrows and icons beside a word, and lines: no text.
    const known = [...Object.keys(WRITTEN), 'control', 'line'];
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(sheets)('%s has nothing that DingTalk’s older webviews lack', (file) => {
    const sheet = readFileSync(
      new URL(file.split('/').map(encodeURIComponent).join('/'), root),
      'utf8',
    ).replace(/\/\*.*?\*\//gs, '');
    expect(sheet).not.toMatch(
      /:has\(|color-mix|[\d ]d[vh]h|@container|aspect-ratio|[^-]inset:|:is\(|:where\(/,
    );
    // The gap of a flex box came with iOS 14.5.
    for (const [rule] of sheet.matchAll(/\{[^{}]*[\s;]gap:[^{}]*\}/g)) expect(rule).toMatch(/grid|minmax/);
    for (const [list] of sheet.matchAll(/[^{}]*:focus-visible[^{}]*(?=\{)/g)) expect(list).not.toContain(',');
  });
});
