import { assertSameOrigin, refuseMethod, route } from '@/lib/http';
import { signOut } from '@/lib/sign-in';

export const dynamic = 'force-dynamic';

/** Signs out by a form, for people. */
export const POST = route('sign-out', async (request, trip) => {
  assertSameOrigin(request);
  await signOut(request, trip);
  return new Response(null, { status: 303, headers: { location: '/login?signedout=1' } });
});

export const GET = refuseMethod('POST');
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
