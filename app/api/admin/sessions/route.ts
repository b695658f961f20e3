import { methods } from '@/lib/auth/methods';
import { endEverySession, endSessionById, endSessionsOf } from '@/lib/dal/admin-sessions';
import { AppError } from '@/lib/errors';
import { type RequestContext, readForm } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /**
   * Ends one session (`session`), one person's (`person`), or all sessions (`everyone=yes`), by a form. The page that
   * follows says what was done.
   */
  POST: { access: 'administrator', event: 'sessions-end', handler: endSessions },
});

/** A user id has 64 characters at most; blanks around it do not matter. */
const MAX_TYPED = 128;

async function endSessions(request: Request, context: RequestContext): Promise<Response> {
  const form = await readForm(request);
  const [session, person] = [form.get('session'), form.get('person')];
  /** What the administrator was looking for: the page shows it again. */
  const q: Record<string, string> = form.get('q') ? { q: form.get('q')!.slice(0, MAX_TYPED) } : {};
  if (session) {
    const { admin, userId } = await endSessionById(session);
    context.note({ userId: admin.userId, ended: 1 });
    return backWith({ ...q, ended: '1', device: 'one', person: userId });
  }
  if (person && person.length <= MAX_TYPED) {
    const done = await endSessionsOf(person);
    context.note({ userId: done?.admin.userId, ended: done?.count ?? 0 });
    return backWith({
      ...q,
      ...(done ? { ended: String(done.count), person: done.userId } : { unknown: person }),
    });
  }
  if (form.get('everyone') !== 'yes')
    throw new AppError('bad-request', { hint: 'session, person or everyone' });
  const { userId } = await endEverySession();
  context.note({ userId });
  return backWith({});
}

function backWith(outcome: Record<string, string>): Response {
  const query = new URLSearchParams(outcome);
  return new Response(null, {
    status: 303,
    headers: { location: `/admin/sessions${query.size > 0 ? `?${query}` : ''}` },
  });
}
