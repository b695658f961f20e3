import { currentMember } from '@/lib/auth';
import { assertSameOrigin, refuseMethod, route } from '@/lib/http';
import { sessions } from '@/lib/session';

export const dynamic = 'force-dynamic';

/** Signs out by a form, for people. */
export const POST = route('sign-out', async (request, trip) => {
  assertSameOrigin(request);
  const session = await currentMember();
  trip.note({ userId: session?.userId, sessionId: session?.id });
  return new Response(null, {
    status: 303,
    headers: { location: '/login?signedout=1', 'set-cookie': sessions().clear() },
  });
});

export const GET = refuseMethod('POST');
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
