import { once } from 'node:events';
import { createServer, globalAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { askOrigin } from '../../../lib/doctor/origin-request';
import { createAuthority } from '../../support/certificates';

test('the end of the certificate is known however often it is asked for', async () => {
  const authority = createAuthority();
  const server = createServer(authority.issue({ host: '127.0.0.1' }), (_, response) => response.end('ok'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  globalAgent.options.ca = authority.pem;
  try {
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    for (let time = 0; time < 3; time++)
      expect(await askOrigin(url, { method: 'GET' })).toMatchObject({
        status: 200,
        certificateEnds: expect.any(Number),
      });
  } finally {
    delete globalAgent.options.ca;
    server.close();
  }
});
