import { methods } from '@/lib/methods';
import { isReady } from '@/lib/readiness';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** 200 while people can be signed in, as far as this process knows; 503 otherwise. */
  GET: {
    access: 'public',
    handler: async () => {
      const ready = await isReady();
      return Response.json({ status: ready ? 'ready' : 'not-ready' }, { status: ready ? 200 : 503 });
    },
  },
});
