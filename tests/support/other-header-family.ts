import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Names of `GATE_HEADERS=remote`, and those of `x-auth-request` in their place. */
export const OTHER_NAMES: Record<string, string> = {
  'Remote-User': 'X-Auth-Request-User',
  'Remote-Name': 'X-Auth-Request-Preferred-Username',
  'Remote-Email': 'X-Auth-Request-Email',
  'Remote-Groups': 'X-Auth-Request-Groups',
};

/** What docs/recipes.md tells to replace. */
export function withOtherNames(recipe: string): string {
  return Object.entries(OTHER_NAMES).reduce(
    (text, [name, other]) =>
      text
        .replaceAll(name, other)
        .replaceAll(name.toLowerCase(), other.toLowerCase())
        .replaceAll(
          `upstream_http_${name.toLowerCase().replaceAll('-', '_')}`,
          `upstream_http_${other.toLowerCase().replaceAll('-', '_')}`,
        ),
    recipe,
  );
}

/** A gate that lets everybody in, under one name, with every other header empty. */
export async function startAdmittingGate(user: string): Promise<{ port: number; close(): void }> {
  const server = createServer((_request, response) => {
    const empty = Object.values(OTHER_NAMES).map((name) => [name, ''] as const);
    response.writeHead(200, {
      ...Object.fromEntries(empty),
      'X-Auth-Request-User': user,
      'X-Dingpass-Jwt': '',
    });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
