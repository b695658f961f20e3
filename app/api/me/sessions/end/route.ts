import { readForm } from '@/lib/http';
import { methods } from '@/lib/methods';
import { endMySession } from '@/lib/my-sessions';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Ends one of one's own sessions, by a form. */
  POST: {
    access: 'member',
    event: 'session-end',
    handler: async (request) => {
      await endMySession((await readForm(request)).get('session') ?? '');
      return new Response(null, { status: 303, headers: { location: '/me/sessions' } });
    },
  },
});
