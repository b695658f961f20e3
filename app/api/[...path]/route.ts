import { AppError } from '@/lib/errors';
import { route } from '@/lib/http';

export const dynamic = 'force-dynamic';

/** Programs get JSON for what is not there, too. */
export const GET = route(undefined, async () => {
  throw new AppError('not-found');
});

export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
