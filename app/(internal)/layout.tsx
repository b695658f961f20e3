import type { ReactNode } from 'react';
import { perhapsMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { currentMessages } from '@/lib/http/language';
import { FreshOnReturn } from '../_ui/fresh-on-return';
import { ProgressLine } from '../_ui/progress-line';
import { Trail } from '../_ui/trail';
import { ColdStartCheck } from '../login/cold-start-check';

/** Around every internal page. It guards nothing: layouts do not run again on navigation, pages do. */
export default async function InternalLayout({ children }: { children: ReactNode }) {
  const session = await perhapsMember();
  const { corpId, clientId } = config();
  const { messages } = await currentMessages();
  return (
    <>
      <FreshOnReturn />
      <Trail />
      <ProgressLine label={messages.frame.opening} />
      {session && <ColdStartCheck corpId={corpId} clientId={clientId} userId={session.userId} />}
      {children}
    </>
  );
}
