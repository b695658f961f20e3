import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';

const hosts = new WeakMap<IncomingMessage, string>();

/** The name under which a browser asked, before {@link enterAsOtherBrowser} changed it. */
export function hostOf(req: IncomingMessage): string {
  return hosts.get(req) ?? req.headers.host ?? '';
}

/** The emulator's other loopback name: `localhost` for `127.0.0.1`, and the other way round. */
export function otherName(host: string): string {
  return host.startsWith('localhost')
    ? host.replace('localhost', '127.0.0.1')
    : host.replace(/^[^:]+/, 'localhost');
}

/**
 * Cookies belong to a host name, so the same address under another name is a browser that knows nothing. The app has one
 * origin only: what such a browser sends is written as if it came from there, and what leads there leads back to it.
 *
 * @param appOrigin the app's origin as browsers see it, such as http://localhost:4010
 */
export function enterAsOtherBrowser(req: IncomingMessage, res: ServerResponse, appOrigin: string): void {
  const { host } = new URL(appOrigin);
  const asked = req.headers.host ?? '';
  if (asked === host) return;
  hosts.set(req, asked);
  const own = `http://${asked}`;
  req.headers.host = host;
  for (const name of ['origin', 'referer'] as const) {
    const value = req.headers[name];
    if (value === own || value?.startsWith(`${own}/`))
      req.headers[name] = appOrigin + value.slice(own.length);
  }
  const writeHead = res.writeHead.bind(res) as (status: number, ...rest: unknown[]) => ServerResponse;
  res.writeHead = (status: number, ...rest: unknown[]) => {
    const given = rest.at(-1);
    const headers = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
    const location = locationIn(headers as Record<string, OutgoingHttpHeader>) ?? res.getHeader('location');
    const isOurs =
      typeof location === 'string' && (location === appOrigin || location.startsWith(`${appOrigin}/`));
    if (!isOurs) return writeHead(status, ...rest);
    return writeHead(status, { ...headers, location: own + location.slice(appOrigin.length) });
  };
}

function locationIn(headers: Record<string, OutgoingHttpHeader>): OutgoingHttpHeader | undefined {
  return headers.location;
}
