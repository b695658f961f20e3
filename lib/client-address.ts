import 'server-only';
import ipaddr from 'ipaddr.js';
import { config } from './config';

/** Where the socket's own address travels to the handlers: Next gives them none, and believes a client's header. */
export const PEER_HEADER = 'x-dingpass-peer';

/**
 * Whom a limit counts: the client's IPv4 address, or the /64 network of its IPv6 address. `X-Forwarded-For` is
 * believed only as far as `TRUSTED_PROXY_HOPS` proxies of ours have written it, counted from the right.
 */
export function clientKey(headers: Headers, hops = config().trustedProxyHops): string {
  const peer = headers.get(PEER_HEADER) ?? '';
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
  const claimed = hops > 0 ? forwarded[Math.max(0, forwarded.length - hops)] : undefined;
  return toKey(claimed) ?? toKey(peer) ?? 'unknown';
}

function toKey(text: string | undefined): string | undefined {
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(text ?? '')?.[1] ?? text?.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  if (!bare || !ipaddr.isValid(bare)) return undefined;
  const address = ipaddr.process(bare);
  if (address.kind() === 'ipv4') return address.toString();
  return `${address.toByteArray().slice(0, 8).join('.')}/64`;
}
