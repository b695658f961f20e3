export const dynamic = 'force-dynamic';

/** 200 while the process serves. Says nothing else. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'private, no-store' } });
}
