import { methods } from '@/lib/auth/methods';

export const dynamic = 'force-dynamic';

/** 200 while the process serves. Says nothing else. */
export const { GET, POST, PUT, PATCH, DELETE } = methods({
  GET: { access: 'public', handler: async () => Response.json({ status: 'ok' }) },
});
