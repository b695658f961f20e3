import { BlockList, isIP } from 'node:net';
import type { ProxyFor } from './agents';

/** What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say. */
export interface ProxySettings {
  /** For `http:` and `ws:` addresses. */
  http?: URL | undefined;
  /** For `https:` and `wss:` addresses. */
  https?: URL | undefined;
  /** Hosts that are asked directly, separated by commas or blanks: see {@link createProxyFor}. */
  noProxy?: string | undefined;
}

/** A proxy as the settings write it, its scheme left out or not. @returns undefined when it is no HTTP proxy */
export function parseProxy(value: string): URL | undefined {
  try {
    const url = new URL(/^[a-z][\w+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    // What cannot be decoded would make every call fail.
    decodeURIComponent(url.username + url.password);
    return /^https?:$/.test(url.protocol) && url.hostname !== '' && url.pathname === '/' ? url : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Which proxy an address is asked through. `NO_PROXY` names hosts as curl and Go read it: `example.com`, `.example.com`
 * and `*.example.com` mean the domain and everything below it, `10.0.0.0/8` a network, `host:8443` one port, `*` all.
 * This machine is always asked directly.
 */
export function createProxyFor({ http, https, noProxy = '' }: ProxySettings = {}): ProxyFor {
  const exceptions = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(toException);
  return (url) => {
    const isSecure = /^(https|wss):$/.test(url.protocol);
    const proxy = isSecure ? https : http;
    if (!proxy) return undefined;
    const host = url.hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
    const port = url.port || (isSecure ? '443' : '80');
    return isThisMachine(host) || exceptions.some((covers) => covers(host, port)) ? undefined : proxy;
  };
}

const THIS_MACHINE = new BlockList();
THIS_MACHINE.addSubnet('127.0.0.0', 8, 'ipv4');
THIS_MACHINE.addSubnet('0.0.0.0', 32, 'ipv4');
THIS_MACHINE.addAddress('::1', 'ipv6');
THIS_MACHINE.addAddress('::', 'ipv6');

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isListed(THIS_MACHINE, host);
}

/** An IPv4 address in the form of IPv6 is looked up as both. */
function isListed(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

type Covers = (host: string, port: string) => boolean;

function toException(entry: string): Covers {
  if (entry === '*') return () => true;
  const network = toNetwork(entry);
  if (network) return (host) => isListed(network, host);
  const [, name = entry, port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  const domain = name.replace(/^\*?\.|^\[|\]$/g, '');
  return (host, asked) =>
    (port === undefined || port === asked) &&
    (host === domain || (!isIP(host) && host.endsWith(`.${domain}`)));
}

function toNetwork(entry: string): BlockList | undefined {
  const [, address = '', bits] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 6 ? 128 : 32)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  return list;
}
