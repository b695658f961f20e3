import { type Method, methods } from '@/lib/auth/methods';
import { AppError } from '@/lib/errors';

export const dynamic = 'force-dynamic';

/** Programs get JSON for what is not there, too. */
const nothing: Method = {
  access: 'public',
  anyOrigin: true,
  handler: async () => {
    throw new AppError('not-found');
  },
};

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  GET: nothing,
  POST: nothing,
  PUT: nothing,
  PATCH: nothing,
  DELETE: nothing,
});
