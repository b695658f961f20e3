import { route } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

/** The same answer with no session. */
export const GET = route(undefined, async () => Response.json({ member: { name: '张伟' } }));
