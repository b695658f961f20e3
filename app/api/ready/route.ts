import { methods } from '@/lib/auth/methods';
import { readiness } from '@/lib/entry/readiness';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /**
   * 503 while requests should go to another process: it is starting, stopping, or its database does not answer. Whether
   * sign-ins work is in the body only: people who are signed in keep their pages while DingTalk or a permission is lacking.
   */
  GET: {
    access: 'public',
    handler: async () => {
      const { notReady, ...state } = await readiness();
      return notReady
        ? Response.json({ status: 'not-ready', reason: notReady, ...state }, { status: 503 })
        : Response.json({ status: 'ready', ...state });
    },
  },
});
