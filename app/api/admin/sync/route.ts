import type { SyncGlance } from '@/app/(internal)/admin/sync/live-progress';
import { requireMember } from '@/lib/auth';
import { startSyncNow, syncStatus } from '@/lib/directory/administration';
import { assertSameOrigin, readForm, refuseMethod, route } from '@/lib/http';

export const dynamic = 'force-dynamic';

/** What changes while one looks on. */
export const GET = route(undefined, async () => {
  await requireMember();
  const { running } = await syncStatus();
  const glance: SyncGlance = { running: running && { id: running.id, progress: running.progress } };
  return Response.json(glance);
});

/** Starts a run by a form, for people; `accept-shrink=yes` takes it over even if many are gone. */
export const POST = route('sync-start', async (request, trip) => {
  assertSameOrigin(request);
  const { userId } = await requireMember();
  const acceptShrink = (await readForm(request)).get('accept-shrink') === 'yes';
  trip.note({ userId, acceptShrink });
  const started = await startSyncNow({ acceptShrink });
  trip.note({ started });
  return new Response(null, {
    status: 303,
    headers: { location: started ? '/admin/sync' : '/admin/sync?started=no' },
  });
});

export const PUT = refuseMethod('GET, POST');
export const PATCH = PUT;
export const DELETE = PUT;
