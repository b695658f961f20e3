import { methods } from '@/lib/auth/methods';
import { config } from '@/lib/config';
import { AppError } from '@/lib/errors';
import { dispatcher } from '@/lib/events/apply';
import { handleCallback } from '@/lib/events/callback';
import { type RequestContext, readBytes } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

/** Five hundred people with long ids, encrypted. */
const MAX_BODY_BYTES = 256 * 1024;

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** DingTalk's events, where they come by HTTP. The sender proves itself by its signature; others all hear the same. */
  POST: { access: 'public', anyOrigin: true, event: 'dingtalk-event', handler: takeEvent },
});

async function takeEvent(request: Request, context: RequestContext): Promise<Response> {
  const { callback, clientId, corpId } = config();
  if (!callback) throw new AppError('not-found');
  // What is too large or never ends is nothing of DingTalk's: it is refused like any forgery.
  const body = await readBytes(request, { maxBytes: MAX_BODY_BYTES }).catch(() => new Uint8Array());
  const reply = await handleCallback(new URL(request.url).searchParams, body, {
    keys: { ...callback, ownerKeys: [clientId, corpId] },
    onEvent: async (event) => {
      const outcome = await dispatcher().dispatch(event);
      context.note({ type: event.type, eventId: event.id, dispatched: outcome });
    },
  });
  if (reply.reason) context.note({ refused: reply.reason });
  if (reply.cause) context.fail(new AppError('internal', {}, { cause: reply.cause }));
  return new Response(reply.body, {
    status: reply.status,
    headers: { 'content-type': 'application/json' },
  });
}
