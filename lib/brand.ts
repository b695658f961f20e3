import 'server-only';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import { type BrandColours, brandColours, colourWarnings, NEUTRALS, type Scheme } from './brand-colours';
import { config } from './config';
import { singleton } from './singleton';

/** What a company makes its own: `BRAND_FILE`, with what is left out as it comes with dingpass. */
export interface Brand {
  /** Undefined: the app's own name. */
  name: Text | undefined;
  colours: Record<Scheme, BrandColours>;
  /** Why the colour is a bad choice. */
  warnings: readonly string[];
  /** The picture beside the name; undefined: a drawn door in the company's colour. */
  logo: Picture | undefined;
  /** For consoles and home screens; undefined: the same door. */
  icon: Picture | undefined;
  /** Whom people ask who need help. */
  support: { text: Text; href: string } | undefined;
  footer: Text | undefined;
  /** Another one for each content: addresses of pictures carry it. */
  version: string;
}

interface Text {
  'zh-CN': string;
  en: string;
}

interface Picture {
  type: 'image/svg+xml' | 'image/png';
  bytes: Buffer;
}

/** `BRAND_FILE` cannot be used. The message names the file and each field that is wrong. */
export class BrandFileError extends Error {
  constructor(path: string, problems: readonly string[]) {
    super(
      [
        'dingpass cannot start: BRAND_FILE has errors. · dingpass 无法启动：BRAND_FILE 有错误。',
        ...problems.map((problem) => `  - ${path}: ${problem}`),
      ].join('\n'),
    );
    this.name = 'BrandFileError';
  }
}

const DEFAULT_COLOUR = '#0f6f6b';
const MAX_PICTURE_BYTES = 256 * 1024;
const PNG_START = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** One text for both languages, or one for each. */
const text = (most: number) =>
  z.unknown().transform((value, context): Text => {
    const both: Record<string, unknown> =
      typeof value === 'string' ? { 'zh-CN': value, en: value } : ((value ?? {}) as Record<string, unknown>);
    const [chinese, english, ...others] = [both['zh-CN'], both.en, ...Object.keys(both).slice(2)];
    const isText = (one: unknown): one is string =>
      typeof one === 'string' && one.trim() !== '' && one.length <= most;
    if (isText(chinese) && isText(english) && others.length === 0)
      return { 'zh-CN': chinese.trim(), en: english.trim() };
    context.addIssue(
      `must be a text of 1 to ${most} characters, or { "zh-CN": …, "en": … } / 必须是 1 到 ${most} 个字符的文字，或 { "zh-CN": …, "en": … }`,
    );
    return z.NEVER;
  });

const shaped = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, error);
const file = shaped(
  /^.{1,500}$/,
  'must be the name of a file beside this one / 必须是与本文件同一目录下的文件名',
);

const brandSchema = z.strictObject({
  name: text(40).optional(),
  color: shaped(/^#[0-9a-f]{6}$/i, 'must be a colour such as "#0f6f6b" / 必须是形如 "#0f6f6b" 的颜色')
    .default(DEFAULT_COLOUR)
    .transform((value) => value.toLowerCase()),
  logo: file.optional(),
  icon: file.optional(),
  support: z
    .strictObject({
      text: text(80),
      href: shaped(
        /^(?:https:\/\/|mailto:|tel:|dingtalk:\/\/)[^\s"<>]+$/,
        'must begin with https://, mailto:, tel: or dingtalk:// / 必须以 https://、mailto:、tel: 或 dingtalk:// 开头',
      ),
    })
    .optional(),
  footer: text(120).optional(),
});

/** The brand of this process, read once, at the start. */
export const brand = singleton('brand', () => readBrand(config().brandFile));

/** @throws BrandFileError */
export function readBrand(path: string | undefined): Brand {
  const bytes =
    path === undefined ? Buffer.from('{}') : readOr(path, (problem) => new BrandFileError(path, [problem]));
  const parsed = brandSchema.safeParse(parse(bytes, path));
  if (!parsed.success) throw new BrandFileError(path ?? '', parsed.error.issues.map(describe));
  const { name, color, support, footer, ...files } = parsed.data;
  const picture = (field: 'logo' | 'icon') => readPicture(path ?? '', field, files[field]);
  const [logo, icon] = [picture('logo'), picture('icon')];
  const hash = createHash('sha256').update(bytes);
  for (const one of [logo, icon]) if (one) hash.update(one.bytes);
  return {
    name,
    colours: brandColours(color),
    warnings: colourWarnings(color),
    logo,
    icon,
    support,
    footer,
    version: hash.digest('hex').slice(0, 8),
  };
}

function parse(bytes: Buffer, path: string | undefined): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    throw new BrandFileError(path ?? '', [
      `is not valid JSON / 不是合法的 JSON: ${(error as Error).message}`,
    ]);
  }
}

function describe({ path, message, ...issue }: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys' && 'keys' in issue)
    return `"${issue.keys.join('", "')}" is no field / 没有这样的字段 (${Object.keys(brandSchema.shape).join(', ')})`;
  return `${path.join('.') || 'the whole / 整体'} ${message}`;
}

/** A file beside `BRAND_FILE`, an SVG or a PNG by its ending and its content. */
function readPicture(brandPath: string, field: string, name: string | undefined): Picture | undefined {
  if (name === undefined) return undefined;
  const path = resolve(dirname(brandPath), name);
  const fail = (problem: string) => new BrandFileError(brandPath, [`${field} ${problem} (${path})`]);
  const bytes = readOr(path, fail);
  if (bytes.length > MAX_PICTURE_BYTES) throw fail('is larger than 256 KiB / 超过 256 KiB');
  const ending = extname(path).toLowerCase();
  if (ending === '.png' && bytes.subarray(0, 8).equals(PNG_START)) return { type: 'image/png', bytes };
  if (ending === '.svg' && field !== 'icon' && /<svg[\s>]/.test(bytes.toString('utf8')))
    return { type: 'image/svg+xml', bytes };
  throw fail(
    field === 'icon'
      ? 'must be a PNG file, square, best of 512 px / 必须是正方形的 PNG 文件，最好 512 像素'
      : 'must be an SVG or PNG file / 必须是 SVG 或 PNG 文件',
  );
}

function readOr(path: string, fail: (problem: string) => Error): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fail(`cannot be read / 无法读取: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** The brand's custom properties of CSS, for both schemes. */
export function brandStyle({ colours }: Pick<Brand, 'colours'> = brand()): string {
  const properties = ({ brand: area, press, on, text: ink, soft, tint }: BrandColours) =>
    `--brand:${area};--brand-press:${press};--brand-on:${on};--brand-text:${ink};--brand-soft:${soft};--brand-tint:${tint}`;
  return `:root{${properties(colours.light)}}@media(prefers-color-scheme:dark){:root{${properties(colours.dark)}}}`;
}

/** Behind everything: what a browser paints around the page. */
export const GROUNDS = { light: NEUTRALS.light.ground, dark: NEUTRALS.dark.ground };
