import { z } from 'zod';
import { isOurCorp } from '@/lib/auth/auth';
import { methods } from '@/lib/auth/methods';
import { signIn, signOut } from '@/lib/auth/sign-in';
import { AppError } from '@/lib/errors';
import { safeReturnTo } from '@/lib/http/return-to';
import { type RequestContext, readJson } from '@/lib/http/route';
import type { Session } from '@/lib/session/session-cookie';

export const dynamic = 'force-dynamic';

const bodySchema = z.object({
  // What DingTalk's codes are made of, and nothing that means something elsewhere.
  code: z.string().regex(/^[\w.~-]{1,1024}$/),
  corpId: z.string().max(128).nullish(),
  next: z.unknown().optional(),
  /** Keep the session that is there, if it is the same person's. */
  changeOver: z.boolean().optional(),
});

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Says who is signed in. An unusable cookie is removed on the way. */
  GET: {
    access: 'member',
    handler: async (_request, _context, member) => Response.json({ member: toMember(member) }),
  },
  /** Signs in: one-time code → session cookie. */
  POST: { access: 'public', event: 'sign-in', handler: signInByCode },
  /** Signs out, signed in or not. */
  DELETE: {
    access: 'public',
    event: 'sign-out',
    handler: async (request, context) => {
      await signOut(request, context);
      return new Response(null, { status: 204 });
    },
  },
});

async function signInByCode(request: Request, context: RequestContext): Promise<Response> {
  const body = await readJson(request, bodySchema);
  if (!isOurCorp(body.corpId)) throw new AppError('corp-mismatch');
  const { session, setCookie } = await signIn({
    method: 'webview',
    code: body.code,
    request,
    context,
    isAccountSwitch: body.changeOver,
  });
  const answer = { member: toMember(session), next: safeReturnTo(body.next) };
  return Response.json(answer, setCookie ? { headers: { 'set-cookie': setCookie } } : {});
}

function toMember({ userId, unionId, name, corpId, method, expiresAt }: Session) {
  return { userId, unionId, name, corpId, method, expiresAt };
}
