import { requireMember } from '@/lib/auth/auth';
import { route } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const GET = route(undefined, async () => {
  const { name } = await requireMember();
  return Response.json({ member: { name } });
});
