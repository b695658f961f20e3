import { toSearchResult } from '@/app/(internal)/directory/items';
import { requireMember } from '@/lib/auth';
import { search } from '@/lib/directory/directory';
import { refuseMethod, route } from '@/lib/http';

export const dynamic = 'force-dynamic';

/** Finds people and departments by what somebody typed: `?q=`. */
export const GET = route(undefined, async (request) => {
  await requireMember();
  const query = new URL(request.url).searchParams.get('q') ?? '';
  return Response.json(toSearchResult(await search(query)));
});

export const POST = refuseMethod('GET');
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
