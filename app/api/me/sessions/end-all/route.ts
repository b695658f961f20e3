import { methods } from '@/lib/auth/methods';
import { signOutEverywhere } from '@/lib/dal/my-sessions';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Signs out everywhere, here too, by a form. */
  POST: {
    access: 'member',
    event: 'sign-out-everywhere',
    handler: async () => {
      const { setCookie } = await signOutEverywhere();
      return new Response(null, {
        status: 303,
        headers: { location: '/login?signedout=1', 'set-cookie': setCookie },
      });
    },
  },
});
