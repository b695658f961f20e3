import { z } from 'zod';
import { methods } from '@/lib/auth/methods';
import { AppError } from '@/lib/errors';
import { readForm } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

const dishSchema = z.string().min(1).max(100);

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** An example to copy: a form's answer is a redirect to a page that says what was done. It keeps nothing. */
  POST: {
    access: 'member',
    handler: async (request) => {
      const dish = dishSchema.safeParse((await readForm(request)).get('dish'));
      if (!dish.success) throw new AppError('bad-request', { hint: 'dish' });
      const query = new URLSearchParams({ dish: dish.data });
      return new Response(null, { status: 303, headers: { location: `/example/canteen?${query}` } });
    },
  },
});
