import { requireMember } from '@/lib/auth';
import { assertSameOrigin, readForm, refuseMethod, route } from '@/lib/http';
import { endMySession } from '@/lib/my-sessions';

export const dynamic = 'force-dynamic';

/** Ends one of one's own sessions, by a form. */
export const POST = route('session-end', async (request, trip) => {
  assertSameOrigin(request);
  await requireMember();
  const { userId } = await endMySession((await readForm(request)).get('session') ?? '');
  trip.note({ userId });
  return new Response(null, { status: 303, headers: { location: '/me/sessions' } });
});

export const GET = refuseMethod('POST');
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
