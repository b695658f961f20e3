import { notFound, redirect } from 'next/navigation';
import { isRecent, pageMember } from '@/lib/auth/auth';
import { ticketAddress, toGateQuery } from '@/lib/auth/gate-ticket';
import { asLocation } from '@/lib/http/return-to';

/** Where protected hosts send people to sign in: back at once, with a ticket, where the visitor is signed in. */
export default async function GatePage(props: PageProps<'/gate'>) {
  const session = await pageMember();
  const query = toGateQuery(await props.searchParams);
  if (!query) notFound();
  if (!isRecent(session, query.within)) await pageMember({ signedInWithinMinutes: query.within });
  const address = await ticketAddress(session, query);
  if (!address) notFound();
  redirect(asLocation(address) as '/');
}
