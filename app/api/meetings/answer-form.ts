import { pageBehind } from '@/lib/auth/person-answer';
import { AppError, problems } from '@/lib/errors';
import { asLocation } from '@/lib/http/return-to';
import type { RequestContext } from '@/lib/http/route';

/**
 * Answers a form by the page that follows, or by the one with the form, which says why nothing was done.
 *
 * @param act returns the address that follows
 */
export async function answerForm(
  request: Request,
  context: RequestContext,
  act: () => Promise<string>,
): Promise<Response> {
  try {
    return seeOther(await act());
  } catch (error) {
    if (!(error instanceof AppError) || problems[error.problem].status === 401) throw error;
    context.fail(error);
    const [path = '/', query = ''] = pageBehind(request).split('?', 2);
    const parameters = new URLSearchParams(query);
    parameters.delete('done');
    parameters.set('problem', error.problem);
    return seeOther(`${path}?${parameters}`);
  }
}

function seeOther(target: string): Response {
  return new Response(null, { status: 303, headers: { location: asLocation(target) } });
}
