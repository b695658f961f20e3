import { AppError } from '@/lib/errors';
import { route } from '@/lib/http/route';
import { auth } from '../../auth-js/auth';

export const dynamic = 'force-dynamic';

export const GET = route(undefined, async () => {
  const session = await auth();
  if (!session?.user?.name) throw new AppError('not-signed-in');
  return Response.json({ member: { name: session.user.name } });
});
