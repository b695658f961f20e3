import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, as TLS servers take them. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface Authority {
  /** For those who shall trust it. */
  pem: string;
  issue(options: { host: string; from?: Date; until?: Date }): Certificate;
}

const DAY_MS = 86_400_000;

/** A certificate authority that lives as long as the test: X.509 written by hand, so that no other program is needed. */
export function createAuthority(name = 'dingpass tests'): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const span = { from: new Date(Date.now() - DAY_MS), until: new Date(Date.now() + DAY_MS) };
  const issuer = { name, key: privateKey };
  // basicConstraints: CA; critical.
  const isAuthority = extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([0xff]))), true);
  const pem = certificate({ issuer, subject: name, publicKey, ...span, extensions: [isAuthority] });
  return {
    pem,
    issue({ host, from = span.from, until = span.until }) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const address = isIP(host) === 4 ? tlv(0x87, Buffer.from(host.split('.').map(Number))) : undefined;
      const names = extension('2.5.29.17', sequence(address ?? tlv(0x82, Buffer.from(host))), false);
      const { publicKey } = pair;
      const cert = certificate({ issuer, subject: host, publicKey, from, until, extensions: [names] });
      return { cert, key: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    },
  };
}

interface Contents {
  issuer: { name: string; key: KeyObject };
  subject: string;
  publicKey: KeyObject;
  from: Date;
  until: Date;
  extensions: Buffer[];
}

/** @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
function certificate({ issuer, subject, publicKey, from, until, extensions }: Contents): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ecdsaWithSha256,
    distinguishedName(issuer.name),
    sequence(time(from), time(until)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer.key);
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function distinguishedName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}

function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const septets = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, value: Buffer): Buffer {
  const size = value.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}
