import { z } from 'zod';
import { methods } from '@/lib/auth/methods';
import { issueHandOff } from '@/lib/auth/ticket-sign-in';
import { config } from '@/lib/config';
import { safeReturnTo } from '@/lib/http/return-to';
import { readJson } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** A link that signs the member in in another browser of the same computer, after one press there: good for a minute. */
  POST: {
    access: 'member',
    event: 'hand-off',
    handler: async (request, _context, member) => {
      const { next } = await readJson(request, z.object({ next: z.unknown().optional() }));
      const query = new URLSearchParams({ ticket: await issueHandOff(member), next: safeReturnTo(next) });
      return Response.json({ address: `${config().publicUrl}/ticket?${query}` });
    },
  },
});
