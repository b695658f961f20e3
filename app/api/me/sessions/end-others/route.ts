import { methods } from '@/lib/auth/methods';
import { endMyOtherSessions } from '@/lib/dal/my-sessions';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Signs out on every other device, by a form. */
  POST: {
    access: 'member',
    event: 'sign-out-elsewhere',
    handler: async () => {
      const ended = await endMyOtherSessions();
      return new Response(null, { status: 303, headers: { location: `/me/sessions?others=${ended}` } });
    },
  },
});
