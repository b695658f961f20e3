import 'server-only';

/** The colours that follow from a company's one: each is readable where the pages use it, whatever the one is. */
export interface BrandColours {
  /** Areas: the primary button, the mark. */
  brand: string;
  press: string;
  /** Text on `brand` and `press`. */
  on: string;
  /** Links and other text in the company's colour. */
  text: string;
  /** The ground of notes and badges. */
  soft: string;
  /** The filled part of icons. */
  tint: string;
}

export type Scheme = 'light' | 'dark';

/** What the brand's colours stand beside: the same values as in `app/_ui/style/tokens.css`. */
export const NEUTRALS = {
  light: { ground: '#f4f6f6', surface: '#ffffff', ink: '#1b2123', inkSoft: '#576164' },
  dark: { ground: '#111516', surface: '#1a2022', raised: '#22292c', ink: '#e8edee', inkSoft: '#a3afb2' },
} as const;
const BAD = '#b02a20';
const WHITE = '#ffffff';
const BLACK = '#000000';
const DARK_ON = '#0b1112';

/** WCAG asks for 4.5; a little more, for rounding. */
const READABLE = 4.6;

/** @param colour such as `#0f6f6b` */
export function brandColours(colour: string): Record<Scheme, BrandColours> {
  return { light: lightColours(colour), dark: darkColours(colour) };
}

function lightColours(colour: string): BrandColours {
  const { ground, ink } = NEUTRALS.light;
  const soft = mix(colour, WHITE, 0.1);
  const text = stepUntil(
    (share) => mix(BLACK, colour, share),
    (value) => isReadable(value, [soft, ground]),
  );
  const { brand, on } = buttonOf(colour, ink);
  const press = on === WHITE ? mix(BLACK, brand, 0.14) : mix(WHITE, brand, 0.18);
  return { brand, press, on, text, soft, tint: mix(colour, WHITE, 0.36) };
}

function buttonOf(colour: string, ink: string): { brand: string; on: string } {
  if (contrast(colour, WHITE) >= 4.5) return { brand: colour, on: WHITE };
  if (contrast(colour, ink) >= READABLE) return { brand: colour, on: ink };
  const darker = (share: number) => mix(BLACK, colour, share);
  return { brand: stepUntil(darker, (value) => contrast(value, WHITE) >= READABLE), on: WHITE };
}

function darkColours(colour: string): BrandColours {
  const { ground, surface, raised, inkSoft } = NEUTRALS.dark;
  const soft = stepUntil(
    (share) => mix(colour, surface, Math.max(0, 0.24 - share)),
    (value) => contrast(inkSoft, value) >= READABLE,
  );
  const lighter = lighterOf(colour);
  const text = stepUntil(lighter, (value) => isReadable(value, [soft, surface, raised, ground], 5), 0.01);
  const brand = stepUntil(lighter, (value) => contrast(value, DARK_ON) >= 6.5, 0.01);
  return { brand, press: mix(WHITE, brand, 0.18), on: DARK_ON, text, soft, tint: mix(text, surface, 0.45) };
}

/** Why a colour that can be read is a bad choice all the same. */
export function colourWarnings(colour: string): ('near-white' | 'near-red')[] {
  const warnings: ('near-white' | 'near-red')[] = [];
  // A button of this colour has no edge.
  if (contrast(colour, WHITE) < 1.35) warnings.push('near-white');
  // What takes something away is red, and would look like everything else.
  if (distance(lightColours(colour).brand, BAD) < 70) warnings.push('near-red');
  return warnings;
}

function isReadable(text: string, grounds: readonly string[], least = READABLE): boolean {
  return grounds.every((ground) => contrast(text, ground) >= least);
}

/** The first of 0, `step`, 2 × `step` … 1 that is good enough, or the last. */
function stepUntil(
  valueAt: (share: number) => string,
  isGood: (value: string) => boolean,
  step = 0.02,
): string {
  for (let steps = 0; steps * step <= 1; steps++) {
    const value = valueAt(steps * step);
    if (isGood(value)) return value;
  }
  return valueAt(1);
}

/** A colour with more lightness, and at most 70 % saturation, which would glow in the dark. */
function lighterOf(colour: string): (more: number) => string {
  const [hue, saturation, lightness] = toHsl(colour);
  return (more) => fromHsl(hue, Math.min(saturation, 0.7), Math.min(1, lightness + more));
}

/** @param share of the first colour, from 0 to 1 */
export function mix(one: string, other: string, share: number): string {
  const [a, b] = [channelsOf(one), channelsOf(other)];
  return toHex(a.map((value, at) => value * share + b[at]! * (1 - share)));
}

/** WCAG 2: from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(colour).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function distance(one: string, other: string): number {
  const [a, b] = [channelsOf(one), channelsOf(other)];
  return Math.hypot(...a.map((value, at) => value - b[at]!));
}

function channelsOf(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

function toHex(channels: number[]): string {
  return `#${channels.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
}

function toHsl(colour: string): [hue: number, saturation: number, lightness: number] {
  const [red = 0, green = 0, blue = 0] = channelsOf(colour).map((value) => value / 255);
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const [spread, lightness] = [most - least, (most + least) / 2];
  if (spread === 0) return [0, 0, lightness];
  const turn =
    most === red
      ? (green - blue) / spread
      : most === green
        ? 2 + (blue - red) / spread
        : 4 + (red - green) / spread;
  return [(turn * 60 + 360) % 360, spread / (1 - Math.abs(2 * lightness - 1)), lightness];
}

function fromHsl(hue: number, saturation: number, lightness: number): string {
  const amount = saturation * Math.min(lightness, 1 - lightness);
  const channel = (at: number) => {
    const turn = (at + hue / 30) % 12;
    return 255 * (lightness - amount * Math.max(-1, Math.min(turn - 3, 9 - turn, 1)));
  };
  return toHex([channel(0), channel(8), channel(4)]);
}
