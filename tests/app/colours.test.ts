import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** WCAG 2.2, 1.4.3: what text must have against its ground. */
const LEAST = 4.5;

const css = readFileSync(new URL('../../app/globals.css', import.meta.url), 'utf8');
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

/** What is written in what, and on which grounds it stands. */
const WRITTEN: Record<string, string[]> = {
  ink: ['ground', 'surface', 'brand-soft', 'warning-soft'],
  'ink-soft': ['ground', 'surface', 'brand-soft', 'warning-soft'],
  // Links, badges, actions, and the link in the operator's part of a problem.
  brand: ['ground', 'surface', 'brand-soft', 'warning-soft'],
  'brand-ink': ['brand', 'danger'],
  warning: ['ground', 'surface', 'warning-soft'],
  danger: ['surface', 'brand-soft'],
};

const pairs = Object.entries(WRITTEN).flatMap(([text, grounds]) =>
  grounds.flatMap((ground) => Object.keys(schemes).map((scheme) => [text, ground, scheme] as const)),
);

test.each(pairs)('%s can be read on %s, %s', (text, ground, scheme) => {
  const colours = schemes[scheme as keyof typeof schemes];
  expect(contrast(colours[text]!, colours[ground]!)).toBeGreaterThanOrEqual(LEAST);
});

test('what has colours of its own can be read too', () => {
  const hero = /\.hero \{[^}]*color: (#\w{6});[^}]*gradient\(\d+deg, (#\w{6}) 0%, (#\w{6}) 100%\)/.exec(css)!;
  const avatar = /\.avatar-initials \{[^}]*color: (#\w{6});[^}]*background: (#\w{6});/.exec(css)!;
  for (const [text, ground] of [
    [hero[1], hero[2]],
    [hero[1], hero[3]],
    [avatar[1], avatar[2]],
  ]) {
    expect(contrast(text!, ground!)).toBeGreaterThanOrEqual(LEAST);
  }
});

test('the pages without React are written in the same colours', () => {
  const plain = readFileSync(new URL('../../lib/http/plain-page.ts', import.meta.url), 'utf8');
  const [, before, after] = /const STYLE = `(.*?)@media\(prefers-color-scheme:dark\)(.*?)`/s.exec(plain)!;
  for (const [style, { ground, surface, ink, brand, ...colours }] of [
    [before!, schemes.light],
    [after!, schemes.dark],
  ] as const) {
    for (const rule of [`background:${ground}`, `a{color:${brand}}`, `color:${colours['ink-soft']}`]) {
      expect(style).toContain(rule);
    }
    expect(style).toMatch(new RegExp(`color:${ink}`));
    expect(style).toMatch(new RegExp(`background:(${surface}|#fff)`));
  }
});

test('every colour of text is in the table', () => {
  const used = [...css.matchAll(/[^-]color: var\(--([\w-]+)\)/g)].map(([, name]) => name!);
  expect(used.filter((name) => !(name in WRITTEN))).toEqual([]);
});

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
