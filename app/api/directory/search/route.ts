import { toSearchResult } from '@/app/(internal)/directory/items';
import { search } from '@/lib/directory/directory';
import { methods } from '@/lib/methods';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Finds people and departments by what somebody typed: `?q=`. */
  GET: {
    access: 'member',
    handler: async (request) => {
      const query = new URL(request.url).searchParams.get('q') ?? '';
      return Response.json(toSearchResult(await search(query)));
    },
  },
});
