import 'server-only';
import ipaddr from 'ipaddr.js';
import { config } from '../config';
import { PEER_HEADER } from '../http/internal-headers';

/**
 * Whom a limit counts: the client's IPv4 address, or the /64 network of its IPv6 address. `X-Forwarded-For` is
 * believed only as far as `TRUSTED_PROXY_HOPS` proxies of ours have written it, counted from the right.
 */
export function rateLimitKey(headers: Headers, hops = config().trustedProxyHops): string {
  const address = addressOf(headers, hops);
  if (!address) return 'unknown';
  return address.kind() === 'ipv4' ? address.toString() : prefixOf(address, 64);
}

/** The /48 network of an IPv6 client: what one customer of a provider has, 65,536 times a /64. None for IPv4. */
export function networkKey(headers: Headers, hops = config().trustedProxyHops): string | undefined {
  const address = addressOf(headers, hops);
  return address?.kind() === 'ipv6' ? prefixOf(address, 48) : undefined;
}

type Address = ReturnType<typeof ipaddr.process>;

function addressOf(headers: Headers, hops: number): Address | undefined {
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
  const claimed = hops > 0 ? forwarded[Math.max(0, forwarded.length - hops)] : undefined;
  return toAddress(claimed) ?? toAddress(headers.get(PEER_HEADER) ?? '');
}

function toAddress(text: string | undefined): Address | undefined {
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(text ?? '')?.[1] ?? text?.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  return bare && bare.length <= 64 && ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

/** @param bits a multiple of 8 */
function prefixOf(address: Address, bits: number): string {
  return `${address
    .toByteArray()
    .slice(0, bits / 8)
    .join('.')}/${bits}`;
}
