import { headers } from 'next/headers';
import { AppError } from '@/lib/errors';
import { route } from '@/lib/http/route';
import { auth } from '../../better-auth/auth';

export const dynamic = 'force-dynamic';

export const GET = route(undefined, async () => {
  const session = await auth.api.getSession({ headers: await headers() });
  if (!session) throw new AppError('not-signed-in');
  return Response.json({ member: { name: session.user.name } });
});
