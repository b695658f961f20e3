import type { SyncGlance } from '@/app/(internal)/admin/sync/live-progress';
import { methods } from '@/lib/auth/methods';
import { startSyncNow, syncStatus } from '@/lib/dal/admin-sync';
import { type RequestContext, readForm } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** What changes while one looks on. */
  GET: { access: 'administrator', handler: glanceAtSync },
  /** Starts a run by a form, for people; `accept-shrink=yes` takes it over even if many are gone. */
  POST: { access: 'administrator', event: 'sync-start', handler: startByForm },
});

async function glanceAtSync(): Promise<Response> {
  const { running } = await syncStatus();
  const glance: SyncGlance = { running: running && { id: running.id, progress: running.progress } };
  return Response.json(glance);
}

async function startByForm(request: Request, context: RequestContext): Promise<Response> {
  const acceptShrink = (await readForm(request)).get('accept-shrink') === 'yes';
  context.note({ acceptShrink });
  const started = await startSyncNow({ acceptShrink });
  context.note({ started });
  return new Response(null, {
    status: 303,
    headers: { location: started ? '/admin/sync' : '/admin/sync?started=no' },
  });
}
