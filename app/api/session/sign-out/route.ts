import { methods } from '@/lib/auth/methods';
import { signOut } from '@/lib/auth/sign-in';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Signs out by a form, for people. */
  POST: {
    access: 'public',
    event: 'sign-out',
    handler: async (request, context) => {
      await signOut(request, context);
      return new Response(null, { status: 303, headers: { location: '/login?signedout=1' } });
    },
  },
});
