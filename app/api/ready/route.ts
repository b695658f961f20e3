import { refuseMethod, route } from '@/lib/http';
import { isReady } from '@/lib/platform';

export const dynamic = 'force-dynamic';

/** 200 while people can be signed in, as far as this process knows; 503 otherwise. */
export const GET = route(undefined, async () => {
  const ready = await isReady();
  return Response.json({ status: ready ? 'ready' : 'not-ready' }, { status: ready ? 200 : 503 });
});

export const POST = refuseMethod('GET');
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
