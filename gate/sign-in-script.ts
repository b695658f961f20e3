import 'server-only';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { singleton } from '@/lib/singleton';
import texts from './browser/script-text';
import type { HostContext } from './host-context';

type Kind = keyof typeof texts;

const scripts = singleton('gate-sign-in-scripts', () => {
  const packed = (text: string) => ({
    text,
    zipped: gzipSync(text, { level: 9 }),
    version: createHash('sha256').update(text).digest('hex').slice(0, 16),
  });
  return { phone: packed(texts.phone), desktop: packed(texts.desktop) };
});

/** Where the script of the instant sign-in is, for one kind of client: another address for another content. */
export function scriptAddress(kind: Kind): string {
  return `/.dingpass/sign-in.js?${new URLSearchParams({ client: kind, v: scripts()[kind].version })}`;
}

/** Once for each client and build: its page stays small, and its answers never pass through a proxy's sub-request. */
export async function sendScript({ request }: HostContext): Promise<Response> {
  const query = new URLSearchParams((request.url ?? '').split('?')[1]);
  const { text, zipped, version } = scripts()[query.get('client') === 'desktop' ? 'desktop' : 'phone'];
  const isZipped = /\bgzip\b/.test(String(request.headers['accept-encoding']));
  return new Response(isZipped ? new Uint8Array(zipped) : text, {
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
      // Of another build: what is there now works, and must not be kept under that address.
      'cache-control': query.get('v') === version ? 'public, max-age=31536000, immutable' : 'no-store',
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
  });
}
