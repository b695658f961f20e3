import 'server-only';
import { AppError } from '../errors';
import { assertSameOrigin, type RequestContext, refuseMethod, route } from '../http/route';
import type { Session } from '../session/session-cookie';
import { RuleRefusal } from './access/admission';
import { requireAdministrator, requireAuditor } from './administrator';
import { perhapsMember, requireMember, stepUp } from './auth';
import { answerPerson } from './person-answer';
import { noteRefusedAccess, noteRefusedByRule } from './refusals';

interface MethodSettings {
  /** What the log calls it, such as `sign-in`; without, the log has only what is our or DingTalk's fault. */
  event?: string;
  /** Takes what other sites send, too. A method that changes something otherwise takes only what our own pages send. */
  anyOrigin?: true;
}

/** For every client, signed in or not. */
type PublicMethod = MethodSettings & {
  access: 'public';
  handler(request: Request, context: RequestContext): Promise<Response>;
};

/** For members of the company, or for administrators with a sign-in as recent as `STEP_UP_MINUTES`. */
type MemberMethod = MethodSettings & {
  access: 'member' | 'administrator' | 'auditor';
  /** The member must have signed in within `STEP_UP_MINUTES`; administrators always must. */
  stepUp?: true;
  /** Called only for those who may. @param member who calls */
  handler(request: Request, context: RequestContext, member: Session): Promise<Response>;
};

export type Method = PublicMethod | MemberMethod;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type MethodName = (typeof METHODS)[number];
type RouteHandler = (request: Request) => Promise<Response>;

/**
 * Every handler of an address: `export const { GET, POST, PUT, PATCH, DELETE } = methods({ GET: { access, handler } })`.
 * No handler runs before its caller may call it; methods that are not given answer 405 as JSON. Failures are answered as
 * in `route()`.
 */
export function methods(given: Partial<Record<MethodName, Method>>): Record<MethodName, RouteHandler> {
  const taken = METHODS.filter((name) => given[name]);
  const refuse = refuseMethod(taken.join(', '));
  const handlerOf = (name: MethodName) => (given[name] ? guarded(name, given[name]) : refuse);
  return Object.fromEntries(METHODS.map((name) => [name, handlerOf(name)])) as Record<
    MethodName,
    RouteHandler
  >;
}

function guarded(name: MethodName, method: Method): RouteHandler {
  const attempt = async (request: Request, context: RequestContext) => {
    if (name !== 'GET' && !method.anyOrigin) assertSameOrigin(request);
    // Not "unless a member is needed": what is misspelt in a file without types is closed.
    if (method.access === 'public') return method.handler(request, context);
    const member = await admit(method);
    context.note({ userId: member.userId });
    return method.handler(request, context, member);
  };
  return route(method.event, async (request, context) => {
    try {
      return await attempt(request, context);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.problem === 'not-permitted') await noteRefusal(error, request, context, method.event);
      const answer = await answerPerson(error, request, context);
      if (!answer) throw error;
      context.fail(error);
      return answer;
    }
  });
}

async function noteRefusal(
  error: AppError,
  { url }: Request,
  { requestId, note }: RequestContext,
  event: string | undefined,
): Promise<void> {
  const address = new URL(url).pathname;
  const shownId = event === undefined ? requestId : undefined;
  if (error instanceof RuleRefusal) {
    const { session, verdict } = error;
    note({ userId: session.userId });
    noteRefusedByRule({ session, verdict, address, requestId: shownId });
    return;
  }
  const userId = (await perhapsMember())?.userId;
  note({ userId });
  noteRefusedAccess({ userId, address, requestId: shownId });
}

function admit(method: MemberMethod): Promise<Session> {
  if (method.access === 'auditor') return requireAuditor();
  if (method.access !== 'member') return requireAdministrator();
  return requireMember(method.stepUp ? stepUp() : {});
}
