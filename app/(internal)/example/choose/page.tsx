import Link from 'next/link';
import { jsapiTexts } from '@/app/_ui/jsapi-texts';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { currentClient, currentMessages } from '@/lib/http/language';
import { ChooseAndScan } from './choose-and-scan';

/** An example to copy: DingTalk's own picker and scanner, which need a signed page. */
export default async function ChoosePage() {
  await pageMember();
  const { messages } = await currentMessages();
  const { jsapi, me, problemNote } = messages;
  const { isDingTalk } = await currentClient();
  return (
    <main className="page jsapi-example">
      <header className="bar">
        <Link className="bar-back" href="/" prefetch={false}>
          ‹ {me.back}
        </Link>
      </header>
      <h1 className="page-title">{jsapi.title}</h1>
      <p className="page-lead">{isDingTalk ? jsapi.lead : jsapi.outside}</p>
      <noscript>
        <p className="page-lead">{jsapi.noScript}</p>
      </noscript>
      {isDingTalk && (
        <ChooseAndScan
          corpId={config().corpId}
          text={jsapi}
          labels={problemNote}
          problems={jsapiTexts(messages)}
        />
      )}
    </main>
  );
}
