import { methods } from '@/lib/auth/methods';
import { endMySession } from '@/lib/dal/my-sessions';
import { readForm } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Ends one of one's own sessions, by a form. */
  POST: {
    access: 'member',
    event: 'session-end',
    handler: async (request) => {
      const { client } = await endMySession((await readForm(request)).get('session') ?? '');
      return new Response(null, { status: 303, headers: { location: `/me/sessions?ended=${client}` } });
    },
  },
});
