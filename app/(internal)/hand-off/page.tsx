import { Page, titled } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { currentMessages } from '@/lib/http/language';
import { safeReturnTo } from '@/lib/http/return-to';
import { OpenInBrowser } from './open-in-browser';

export const generateMetadata = titled(({ ticket }) => [ticket.handOff.title]);

/** From DingTalk's client on a computer to the system's browser, signed in. */
export default async function HandOffPage(props: PageProps<'/hand-off'>) {
  await pageMember();
  const { next } = await props.searchParams;
  const { messages } = await currentMessages();
  const { title, text, ...labels } = messages.ticket.handOff;
  return (
    <Page title={title}>
      <p>{text}</p>
      <OpenInBrowser next={safeReturnTo(next)} text={labels} />
    </Page>
  );
}
