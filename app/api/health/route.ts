import { refuseMethod, route } from '@/lib/http';

export const dynamic = 'force-dynamic';

/** 200 while the process serves. Says nothing else. */
export const GET = route(undefined, async () => Response.json({ status: 'ok' }));

export const POST = refuseMethod('GET');
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
