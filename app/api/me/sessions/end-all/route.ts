import { requireMember } from '@/lib/auth';
import { assertSameOrigin, refuseMethod, route } from '@/lib/http';
import { signOutEverywhere } from '@/lib/my-sessions';

export const dynamic = 'force-dynamic';

/** Signs out everywhere, here too, by a form. */
export const POST = route('sign-out-everywhere', async (request, trip) => {
  assertSameOrigin(request);
  await requireMember();
  const { session, setCookie } = await signOutEverywhere();
  trip.note({ userId: session?.userId });
  return new Response(null, {
    status: 303,
    headers: { location: '/login?signedout=1', 'set-cookie': setCookie },
  });
});

export const GET = refuseMethod('POST');
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
