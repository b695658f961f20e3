import { z } from 'zod';
import { isOurCorp, requireMember } from '@/lib/auth';
import { AppError } from '@/lib/errors';
import { assertSameOrigin, readJson, refuseMethod, route } from '@/lib/http';
import { safeReturnTo } from '@/lib/return-to';
import type { Session } from '@/lib/session';
import { changeOver, signIn, signOut } from '@/lib/sign-in';

export const dynamic = 'force-dynamic';

const bodySchema = z.object({
  // What DingTalk's codes are made of, and nothing that means something elsewhere.
  code: z.string().regex(/^[\w.~-]{1,1024}$/),
  corpId: z.string().max(128).nullish(),
  next: z.unknown().optional(),
  /** Keep the session that is there, if it is the same person's. */
  changeOver: z.boolean().optional(),
});

/** Signs in: one-time code → session cookie. */
export const POST = route('sign-in', async (request, trip) => {
  assertSameOrigin(request);
  const body = await readJson(request, bodySchema);
  if (!isOurCorp(body.corpId)) throw new AppError('corp-mismatch');
  const { session, setCookie } = body.changeOver
    ? await changeOver(body.code, request, trip)
    : await signIn('client', body.code, request, trip);
  const answer = { member: toMember(session), next: safeReturnTo(body.next) };
  return Response.json(answer, setCookie ? { headers: { 'set-cookie': setCookie } } : {});
});

/** Says who is signed in. An unusable cookie is removed on the way. */
export const GET = route(undefined, async () => {
  const session = await requireMember();
  return Response.json({ member: toMember(session) });
});

/** Signs out, signed in or not. */
export const DELETE = route('sign-out', async (request, trip) => {
  assertSameOrigin(request);
  await signOut(request, trip);
  return new Response(null, { status: 204 });
});

export const PUT = refuseMethod('GET, POST, DELETE');
export const PATCH = PUT;

function toMember({ userId, unionId, name, corpId, door, expiresAt }: Session) {
  return { userId, unionId, name, corpId, door, expiresAt };
}
