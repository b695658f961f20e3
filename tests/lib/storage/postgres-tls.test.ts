import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openPostgres } from '../../../lib/storage/postgres';
import { isUnavailable } from '../../../lib/storage/unavailable';
import { createAuthority } from '../../support/certificates';
import { takeConsoleOutput } from '../../support/console-guard';
import { tlsServer } from '../../support/postgres';

/** What each `sslmode` of docs/deploy.md does, to a server that is `localhost` by an authority of the tests. */

let server: URL;
let ours: string;
let others: string;
beforeAll(async () => {
  const { url, authority } = await tlsServer();
  server = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-tls-'));
  const write = (name: string, pem: string) => {
    writeFileSync(join(folder, name), pem);
    return join(folder, name);
  };
  ours = write('ours.pem', authority);
  others = write('others.pem', createAuthority('others').pem);
});

interface Address {
  sslmode?: string;
  authority?: string;
  host?: string;
}

/** Whether a connection is encrypted, or the error that it ends in. */
async function encrypted({ sslmode, authority, host = 'localhost' }: Address): Promise<boolean | Error> {
  const url = new URL(server);
  url.hostname = host;
  if (sslmode) url.searchParams.set('sslmode', sslmode);
  if (authority) url.searchParams.set('sslrootcert', authority);
  const db = await openPostgres(url.href, { poolSize: 1 });
  try {
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    return (await db.get<{ ssl: boolean }>(sql))!.ssl;
  } catch (error) {
    return error as Error;
  } finally {
    await db.close();
  }
}

const STRICT = ['verify-full', 'verify-ca', 'require', 'prefer'];

test('without sslmode, and with `disable`, nothing is encrypted', async () => {
  expect(await encrypted({})).toBe(false);
  expect(await encrypted({ sslmode: 'disable' })).toBe(false);
});

test.each(STRICT)(
  '`%s` encrypts, and believes the authority that is named alone, for the host that is named',
  async (sslmode) => {
    expect(await encrypted({ sslmode, authority: ours })).toBe(true);
    const refused: Address[] = [{}, { authority: others }, { authority: ours, host: '127.0.0.1' }];
    for (const address of refused) {
      const error = await encrypted({ sslmode, ...address });
      expect(error).toMatchObject({ code: expect.stringMatching(/CERT|ALTNAME|SIGNATURE/) });
      // Said at the start, not waited for.
      expect(isUnavailable(error)).toBe(false);
    }
    // `pg` says once that the lesser ones are not what they are elsewhere.
    for (const line of takeConsoleOutput()) expect(line).toContain("treated as aliases for 'verify-full'");
  },
);

test('`no-verify` encrypts, whoever answers', async () => {
  expect(await encrypted({ sslmode: 'no-verify' })).toBe(true);
  expect(await encrypted({ sslmode: 'no-verify', host: '127.0.0.1' })).toBe(true);
});

test('a server without TLS is not spoken to in the clear where TLS is demanded', async () => {
  let said = '';
  const plain = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (bytes: Buffer) => {
        said += bytes.toString('latin1');
        socket.write('N');
      });
  }).listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const url = new URL(server);
  url.port = String((plain.address() as AddressInfo).port);
  for (const sslmode of [...STRICT, 'no-verify']) {
    url.searchParams.set('sslmode', sslmode);
    const db = await openPostgres(url.href, { poolSize: 1 });
    await expect(db.get('SELECT 1 AS one')).rejects.toThrow('does not support SSL');
    await db.close();
  }
  expect(said).not.toContain(server.password);
  expect(said).not.toContain('user');
  plain.close();
});
