import { AppError } from '@/lib/errors';
import { route } from '@/lib/http/route';
import { ironSession } from '../../iron-session/session';

export const dynamic = 'force-dynamic';

export const GET = route(undefined, async () => {
  const { name } = await ironSession();
  if (!name) throw new AppError('not-signed-in');
  return Response.json({ member: { name } });
});

/** It has no endpoint of its own to sign in: whoever says a name has it. */
export async function POST(request: Request): Promise<Response> {
  const session = await ironSession();
  session.id = crypto.randomUUID();
  session.corpId = 'dingemulator0001corp';
  session.userId = crypto.randomUUID().slice(0, 16);
  session.unionId = crypto.randomUUID().slice(0, 24);
  session.name = String((await request.json()).name);
  session.issuedAt = Math.floor(Date.now() / 1000);
  await session.save();
  return new Response(null, { status: 204 });
}
