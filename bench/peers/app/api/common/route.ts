import { ironSession } from '../../iron-session/session';

let token: Promise<string> | undefined;

/** The common way: a token that is kept, then the two calls of a sign-in. */
export async function POST(request: Request): Promise<Response> {
  const { code } = (await request.json()) as { code: string };
  token ??= accessToken();
  const { userid } = await call('/topapi/v2/user/getuserinfo', { code });
  const { name, unionid } = await call('/topapi/v2/user/get', { userid });
  const session = await ironSession();
  Object.assign(session, { userId: userid, unionId: unionid, name });
  await session.save();
  return Response.json({ ok: true });
}

async function accessToken(): Promise<string> {
  const { DINGTALK_CLIENT_ID: appKey, DINGTALK_CLIENT_SECRET: appSecret } = process.env;
  const answer = await fetch(`${process.env.DINGTALK_API_URL}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey, appSecret }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

async function call(path: string, body: object): Promise<Record<'userid' | 'name' | 'unionid', string>> {
  const answer = await fetch(`${process.env.DINGTALK_OAPI_URL}${path}?access_token=${await token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await answer.json()) as { result: Record<'userid' | 'name' | 'unionid', string> }).result;
}
