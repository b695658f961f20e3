import type { ReactNode } from 'react';
import { perhapsMember } from '@/lib/auth';
import { config } from '@/lib/config';
import { ColdStartCheck } from '../_ui/cold-start-check';
import { FreshOnReturn } from '../_ui/fresh-on-return';

/** Around every internal page. It guards nothing: layouts do not run again on navigation, pages do. */
export default async function InternalLayout({ children }: { children: ReactNode }) {
  const session = await perhapsMember();
  const { corpId, clientId } = config();
  return (
    <>
      <FreshOnReturn />
      {session && <ColdStartCheck corpId={corpId} clientId={clientId} userId={session.userId} />}
      {children}
    </>
  );
}
