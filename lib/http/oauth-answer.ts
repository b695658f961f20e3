import 'server-only';
import { withBasePath } from '../base-path';
import { AppError, problems } from '../errors';
import { messagesFor } from './language';
import { type RequestContext, setRetryAfter } from './route';

/**
 * A sign-in in a browser that came to nothing: the true status for programs and logs, and for the person the sign-in
 * page, which says what happened. `Refresh` and not a redirect, because a redirect has no status of its own; the
 * browser replaces this address, so that neither code nor state stays in its history.
 */
export function signInFailedPage(
  error: unknown,
  {
    request,
    context,
    headers,
    next,
  }: { request: Request; context: RequestContext; headers: Headers; next: string },
): Response {
  const failure = error instanceof AppError ? error : new AppError('internal', {}, { cause: error });
  context.fail(failure);
  const query = new URLSearchParams({ failed: failure.problem, request: context.requestId, next });
  const { dingTalkCode, reason } = failure.detail;
  if (dingTalkCode) query.set('dingtalk', dingTalkCode);
  if (reason) query.set('reason', reason);
  const address = withBasePath(`/login?${query}`);
  const { messages } = messagesFor(request.headers);
  setRetryAfter(headers, failure.problem, failure.detail);
  headers.set('refresh', `0;url=${address}`);
  headers.set('content-type', 'text/html; charset=utf-8');
  const link = `<a href="${address.replaceAll('&', '&amp;')}">${messages.problems[failure.problem].person}</a>`;
  return new Response(
    `<!doctype html><meta charset="utf-8"><title>${messages.signIn.title}</title><p>${link}</p>`,
    {
      status: problems[failure.problem].status,
      headers,
    },
  );
}
