import { AppError } from '@/lib/errors';
import { readForm } from '@/lib/http';
import { methods } from '@/lib/methods';
import { endEverySession, endSessionById, endSessionsOf } from '@/lib/revocation/administration';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Ends one session (`session`), one person's (`person`), or everybody's (`everyone=yes`), by a form. */
  POST: { access: 'administrator', event: 'sessions-end', handler: endSessions },
});

async function endSessions(request: Request): Promise<Response> {
  const form = await readForm(request);
  const [session, person] = [form.get('session'), form.get('person')];
  if (session) await endSessionById(session);
  else if (person && person.length <= 64) await endSessionsOf(person);
  else if (form.get('everyone') === 'yes') await endEverySession();
  else throw new AppError('bad-request', { hint: 'session, person or everyone' });
  return new Response(null, { status: 303, headers: { location: '/admin/sessions' } });
}
