import { methods } from '@/lib/auth/methods';
import { signInByTicket } from '@/lib/auth/ticket-sign-in';
import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import { readForm } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Signs in by a ticket, by the form of its page. */
  POST: {
    access: 'public',
    event: 'sign-in',
    handler: async (request, context) => {
      context.note({ method: 'ticket' });
      const form = await readForm(request);
      const { setCookie } = await signInByTicket(form.get('ticket') ?? '', request, context);
      const location = asLocation(safeReturnTo(form.get('next')));
      return new Response(null, { status: 303, headers: { location, 'set-cookie': setCookie } });
    },
  },
});
