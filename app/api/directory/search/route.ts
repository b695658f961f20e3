import { toSearchResult } from '@/app/(internal)/directory/items';
import { methods } from '@/lib/auth/methods';
import { search } from '@/lib/dal/directory';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Finds people and departments by a typed text: `?q=`. */
  GET: {
    access: 'member',
    handler: async (request) => {
      const query = new URL(request.url).searchParams.get('q') ?? '';
      return Response.json(toSearchResult(await search(query)));
    },
  },
});
