import { requireMember } from '@/lib/auth';
import { AppError } from '@/lib/errors';
import { assertSameOrigin, readForm, refuseMethod, route } from '@/lib/http';
import { endEverySession, endSessionById, endSessionsOf } from '@/lib/revocation/administration';

export const dynamic = 'force-dynamic';

/** Ends one session (`session`), one person's (`person`), or everybody's (`everyone=yes`), by a form. */
export const POST = route('sessions-end', async (request, trip) => {
  assertSameOrigin(request);
  await requireMember();
  const form = await readForm(request);
  const [session, person] = [form.get('session'), form.get('person')];
  let admin: { userId: string };
  if (session) admin = await endSessionById(session);
  else if (person && person.length <= 64) admin = await endSessionsOf(person);
  else if (form.get('everyone') === 'yes') admin = await endEverySession();
  else throw new AppError('bad-request', { hint: 'session, person or everyone' });
  trip.note({ userId: admin.userId });
  return new Response(null, { status: 303, headers: { location: '/admin/sessions' } });
});

export const GET = refuseMethod('POST');
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
