import 'server-only';
import { hostAppClient } from '../dingtalk-client';
import { AppError } from '../errors';
import type { HostApp } from '../gate-setting-values';
import type { RequestContext } from '../http/route';
import { openHostSession } from '../session/host-session';
import { sessionCookies } from '../session/session-cookie';
import { sessions } from '../session/sessions';
import { toClientKind } from '../session/user-agent';
import { verifiedMember } from './sign-in';

interface HostSignIn {
  /** The host's own DingTalk app. */
  app: HostApp;
  /** A one-time code of that app. */
  code: string;
  /** Name of the protected host. */
  host: string;
  request: Request;
  context: RequestContext;
}

/**
 * Trades a one-time code of a protected host's own app for a session on that host. It opens nothing else: any script of
 * the host can have its visitor's codes.
 *
 * @throws AppError
 */
export async function signInOnHost({
  app,
  code,
  host,
  request,
  context,
}: HostSignIn): Promise<{ setCookie: string }> {
  const since = await sessions().sequence();
  const client = hostAppClient(app);
  const {
    userId,
    unionId,
    name = userId,
  } = await verifiedMember({
    method: 'webview',
    code,
    request,
    context,
    app: client,
  });
  const draft = { ...sessionCookies().draft({ userId, unionId, name, method: 'webview' }), host };
  const kind = toClientKind(request.headers.get('user-agent'));
  const opened = await openHostSession(draft, {
    since,
    client: kind,
    line: { event: 'sign-in', userId, sessionId: draft.id, detail: `${host} ${kind}` },
  });
  if (!opened) throw new AppError('sign-in-overtaken');
  context.note({ userId, sessionId: draft.id, host });
  return { setCookie: opened.setCookie };
}
