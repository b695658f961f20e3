import 'server-only';
import { createPrivateKey } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { entries, parsedBy } from './setting-values';

/** The kinds of values that the settings of the gate have. */

const HOST =
  /^(?:\*\.(?=[^.]+\.))?(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** A DingTalk app of a protected host. */
export interface HostApp {
  clientId: string;
  clientSecret: string;
}

export type AddressRange = ReturnType<typeof ipaddr.parseCIDR>;

/** `host:port` to listen on. */
export const listenAddress = z
  .string()
  .transform(
    parsedBy((value) => {
      const [, host, port] = /^(\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(value) ?? [];
      if (!host || Number(port) > 65_535) return undefined;
      return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
    }, 'must be host:port, such as 127.0.0.1:4180 / 必须是 主机:端口，如 127.0.0.1:4180'),
  )
  .optional();

/** Names of hosts, each once; `*.` before one stands for exactly one more label. */
export const hostPatterns = z
  .string()
  .default('')
  .transform(
    parsedBy((value) => {
      const hosts = entries(value).map((entry) => entry.toLowerCase());
      return hosts.every((host) => HOST.test(host)) && new Set(hosts).size === hosts.length
        ? hosts
        : undefined;
    }, 'must be host names separated by commas, each once, without scheme and port, such as wiki.example.com or *.apps.example.com / 必须是以逗号分隔的主机名，不重复，不写协议和端口'),
  );

/** Addresses and ranges, such as `10.0.0.0/8`. */
export const addressRanges = z
  .string()
  .default('')
  .transform(
    parsedBy((value) => {
      const ranges = entries(value).map(toRange);
      return ranges.every((range) => range !== undefined) ? (ranges as AddressRange[]) : undefined;
    }, 'must be addresses or ranges separated by commas, such as 10.1.2.3 or 10.0.0.0/8 / 必须是以逗号分隔的地址或网段'),
  );

/** `<host>=<client id>:<client secret>`, separated by commas. */
export const hostApps = z
  .string()
  .default('')
  .transform(
    parsedBy((value): ReadonlyMap<string, HostApp> | undefined => {
      const apps = new Map<string, HostApp>();
      for (const entry of entries(value)) {
        const [, host, clientId, clientSecret] = /^([^=\s]+)=([^:\s]+):(\S+)$/.exec(entry) ?? [];
        const name = host?.toLowerCase();
        if (!name || !clientId || !clientSecret || name.startsWith('*') || !HOST.test(name) || apps.has(name))
          return undefined;
        apps.set(name, { clientId, clientSecret });
      }
      return apps;
    }, 'must be <host>=<Client ID>:<Client Secret>, separated by commas, each host once / 格式为 主机=Client ID:Client Secret，以逗号分隔，主机不重复'),
  );

/** `id:key[,id:key]`; each key a private one of P-256 (PKCS #8, DER, base64url). `npm run keys -- --gate` makes one. */
export const assertionKeys = z
  .string()
  .default('')
  .transform(
    parsedBy((value): ReadonlyMap<string, string> | undefined => {
      const keys = new Map<string, string>();
      for (const entry of entries(value)) {
        const [, id, encoded] = /^([\w-]{1,32}):([\w-]+)$/.exec(entry) ?? [];
        const pem = encoded === undefined ? undefined : toPem(encoded);
        if (id === undefined || pem === undefined || keys.has(id)) return undefined;
        keys.set(id, pem);
      }
      return keys;
    }, 'must be id:key[,id:key] with keys of npm run keys -- --gate / 格式为 编号:密钥[,编号:密钥]，密钥由 npm run keys -- --gate 生成'),
  );

/** Four numbers, or IPv6: of shorter forms, and of numbers with a leading zero, tools disagree what they mean. */
function toRange(text: string): AddressRange | undefined {
  const [address = '', bits, ...more] = text.split('/');
  if (more.length > 0 || !(ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address)))
    return undefined;
  if (bits !== undefined) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
  const parsed = ipaddr.process(address);
  return [parsed, parsed.kind() === 'ipv4' ? 32 : 128];
}

function toPem(encoded: string): string | undefined {
  try {
    const key = createPrivateKey({ key: Buffer.from(encoded, 'base64url'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
    return key.export({ format: 'pem', type: 'pkcs8' }).toString();
  } catch {
    return undefined;
  }
}
