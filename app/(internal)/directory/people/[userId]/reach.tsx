import { Icon } from '@/app/_ui/icon';
import { config } from '@/lib/config';
import type { PersonPage } from '@/lib/dal/directory';
import { currentClient } from '@/lib/http/language';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { callAddress } from './call-address';
import { ChatLink } from './chat-link';
import { inDingTalkAddress, mailAddress } from './contact';

/** Calling, writing, mailing: what is possible with this person and this client. */
export async function Reach({ person, text }: { person: PersonPage; text: DirectoryText }) {
  const { isDingTalk, isPhone } = await currentClient();
  const call = callAddress(person.mobile ?? person.telephone);
  const mail = mailAddress(person.orgEmail ?? person.email);
  const { corpId, publicUrl } = config();
  const count = [call, isPhone, mail].filter(Boolean).length;
  if (count === 0) return null;
  return (
    <section className={`reach reach-${count}`} aria-label={text.reach}>
      {call && (
        <a href={call}>
          <Icon name="call" />
          {text.call}
        </a>
      )}
      {isPhone && (
        <ChatLink
          href={inDingTalkAddress(`${publicUrl}/directory/people/${encodeURIComponent(person.userId)}`)}
          corpId={corpId}
          userId={person.userId}
          isInDingTalk={isDingTalk}
          text={{ message: text.message, failed: text.messageFailed }}
        >
          <Icon name="chat" />
        </ChatLink>
      )}
      {mail && (
        <a href={mail}>
          <Icon name="mail" />
          {text.mail}
        </a>
      )}
    </section>
  );
}
