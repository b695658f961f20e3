import { methods } from '@/lib/auth/methods';
import { signPageOf } from '@/lib/dal/page-signature';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** The signature of a page: `?url=` is its `location.href`, percent-encoded. */
  GET: {
    access: 'member',
    handler: async ({ url }) => Response.json(await signPageOf(new URL(url).searchParams.get('url'))),
  },
});
