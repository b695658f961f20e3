import { methods } from '@/lib/auth/methods';
import { withoutBasePath } from '@/lib/base-path';
import { config } from '@/lib/config';
import { openProbe, PROBE_BYTES, PROBE_HEADER, type ProbeAnswer } from '@/lib/doctor/probe';
import { AppError } from '@/lib/errors';
import { readBytes } from '@/lib/http/route';
import { createCookies, readCookies } from '@/lib/session/cookie';

export const dynamic = 'force-dynamic';

const COOKIE_SECONDS = 60;

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /**
   * Tells `npm run doctor` what of its request has arrived here. To everybody else there is nothing here: the request
   * carries a seal of the session keys, which only this deployment can make.
   */
  POST: {
    access: 'public',
    anyOrigin: true,
    handler: async (request, context) => {
      const nonce = await openProbe(config(), request.headers.get(PROBE_HEADER) ?? '');
      if (nonce === undefined) throw new AppError('not-found');
      const body = await readBytes(request, { maxBytes: 2 * PROBE_BYTES });
      const cookies = createCookies(config());
      context.setCookie(cookies.set(cookies.nameOf('dingpass-probe'), nonce, COOKIE_SECONDS));
      return Response.json(describe(request, nonce, body.length));
    },
  },
});

function describe(request: Request, nonce: string, bytes: number): ProbeAnswer {
  const { headers } = request;
  const { pathname, search } = new URL(request.url);
  const list = (name: string) => (headers.get(name) ?? '').split(',').map((entry) => entry.trim());
  return {
    nonce,
    host: headers.get('host') ?? '',
    path: withoutBasePath(pathname) ?? pathname,
    search,
    origin: headers.get('origin') ?? '',
    forwardedFor: list('x-forwarded-for').filter(Boolean),
    cookies: [...readCookies(headers.get('cookie')).keys()],
    bytes,
  };
}
