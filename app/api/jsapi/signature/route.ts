import { methods } from '@/lib/auth/methods';
import { signPageOf } from '@/lib/dal/page-signature';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** The signature of a page: `?url=` is its `location.href`, percent-encoded; `&ticket=refused` by the client. */
  GET: {
    access: 'member',
    handler: async ({ url }) => {
      const { searchParams } = new URL(url);
      const ticketRefused = searchParams.get('ticket') === 'refused';
      return Response.json(await signPageOf(searchParams.get('url'), { ticketRefused }));
    },
  },
});
