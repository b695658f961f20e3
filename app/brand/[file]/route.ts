import { withBasePath } from '@/lib/base-path';
import { brand, GROUNDS } from '@/lib/brand';
import { iconPng, iconSvg } from '@/lib/brand-icon';
import { setApiSecurityHeaders } from '@/lib/http/security-headers';
import { messagesIn } from '@/lib/i18n';

export const dynamic = 'force-dynamic';

/** Their addresses have the version of the brand in them. */
const CACHE = 'public, max-age=86400';

/** Logo, icons and web manifest, from `BRAND_FILE` or drawn in its colour: public, as the sign-in page is. */
export async function GET(_request: Request, { params }: RouteContext<'/brand/[file]'>): Promise<Response> {
  const file = pictureOf((await params).file);
  const headers = new Headers({ 'content-type': file?.type ?? 'text/plain', 'cache-control': CACHE });
  setApiSecurityHeaders(headers);
  if (!file) return new Response(null, { status: 404, headers: { 'cache-control': 'private, no-store' } });
  return new Response(new Uint8Array(file.bytes), { headers });
}

interface BrandFile {
  type: string;
  bytes: Uint8Array;
}

function pictureOf(name: string): BrandFile | undefined {
  const { logo, icon, colours } = brand();
  if (name === 'logo') return logo;
  if (name === 'icon.svg')
    return logo?.type === 'image/svg+xml'
      ? logo
      : { type: 'image/svg+xml', bytes: Buffer.from(iconSvg(colours.light)) };
  if (name === 'manifest.webmanifest')
    return { type: 'application/manifest+json', bytes: Buffer.from(JSON.stringify(manifest())) };
  const size = ICON_SIZES.find((one) => name === `icon-${one}.png`);
  if (name !== 'icon.png' && !size) return undefined;
  return icon ?? { type: 'image/png', bytes: drawn(size ?? 512, colours.light) };
}

/** 180 is for home screens of iOS, 240 for DingTalk's console. */
const ICON_SIZES = [180, 192, 240, 512];
const drawings = new Map<number, Buffer>();

/** Drawn once: 512 px take 60 ms. */
function drawn(size: number, colours: { brand: string; on: string }): Buffer {
  const known = drawings.get(size) ?? iconPng(size, colours);
  drawings.set(size, known);
  return known;
}

function manifest() {
  const { name, icon, version } = brand();
  const sizes = icon ? ['any'] : ['192x192', '512x512'];
  return {
    name: name?.['zh-CN'] ?? messagesIn('zh-CN').appName,
    start_url: withBasePath('/'),
    display: 'standalone',
    background_color: GROUNDS.light,
    theme_color: GROUNDS.light,
    icons: sizes.map((size) => ({
      src:
        size === 'any'
          ? withBasePath(`/brand/icon.png?v=${version}`)
          : withBasePath(`/brand/icon-${size.split('x')[0]}.png?v=${version}`),
      sizes: size,
      type: 'image/png',
      purpose: 'any maskable',
    })),
  };
}
