import { jsapiTexts } from '@/app/_ui/jsapi-texts';
import { Page } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { currentClient, currentMessages } from '@/lib/http/language';
import { ChooseAndScan } from './choose-and-scan';

/** An example to copy: DingTalk's own picker and scanner, which need a signed page. */
export default async function ChoosePage() {
  await pageMember();
  const { messages } = await currentMessages();
  const { jsapi, problemNote } = messages;
  const { isDingTalk } = await currentClient();
  return (
    <Page title={jsapi.title} lead={isDingTalk ? jsapi.lead : jsapi.outside}>
      <div className="jsapi-example">
        <noscript>
          <p>{jsapi.noScript}</p>
        </noscript>
        {isDingTalk && (
          <ChooseAndScan
            corpId={config().corpId}
            text={jsapi}
            labels={problemNote}
            problems={jsapiTexts(messages)}
          />
        )}
      </div>
    </Page>
  );
}
