import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Avatar } from '@/app/_ui/avatar';
import { FieldList } from '@/app/_ui/field-list';
import { Page, titled } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { type PersonPage as Person, personPage } from '@/lib/dal/directory';
import { currentClient, currentMessages } from '@/lib/http/language';
import { type DirectoryText, directoryPage } from '@/lib/i18n/directory-page';
import { toPersonItem } from '../../items';
import { Path } from '../../path';
import { StateNote } from '../../state-note';
import { callAddress } from './call-address';
import { ChatLink } from './chat-link';
import { contactFields, inDingTalkAddress, mailAddress, workFields } from './contact';

export const generateMetadata = titled(({ directory }) => [directory.people, directory.title]);

/** One person: where they work and how to reach them, as far as DingTalk tells and the viewer may see. */
export default async function PersonPage(props: PageProps<'/directory/people/[userId]'>) {
  await pageMember();
  const { language } = await currentMessages();
  const text = directoryPage[language];
  const person = await personPage(userIdIn((await props.params).userId));
  if (!person) notFound();
  const { name, title, active, avatarUrl } = toPersonItem(person);
  const contact = contactFields(person, text);
  const work = workFields(person, text);
  return (
    <Page back={{ href: '/directory', label: text.back }}>
      <StateNote state={person.state} language={language} place="above" />
      <section className="person">
        <Avatar name={name} url={avatarUrl} />
        <div className="person-text">
          <h1 className="person-name">
            <bdi className="name">{name}</bdi>
            {!active && <span className="badge badge-quiet">{text.inactive}</span>}
          </h1>
          {title && <p className="person-title">{title}</p>}
        </div>
      </section>
      <Actions person={person} text={text} client={await currentClient()} />
      {contact.length > 0 ? (
        <FieldList title={text.contact} fields={contact} />
      ) : (
        <p className="note">{text.noContact}</p>
      )}
      <Departments person={person} text={text} />
      {work.length > 0 && <FieldList title={text.work} fields={work} />}
      <StateNote state={person.state} language={language} place="below" />
    </Page>
  );
}

interface ActionsProps {
  person: Person;
  text: DirectoryText;
  client: { isDingTalk: boolean; isPhone: boolean };
}

function Actions({ person, text, client }: ActionsProps) {
  const call = callAddress(person.mobile ?? person.telephone);
  const mail = mailAddress(person.orgEmail ?? person.email);
  const { corpId, publicOrigin } = config();
  if (!call && !mail && !client.isPhone) return null;
  return (
    <section className="actions" aria-label={text.reach}>
      {call && (
        <a className="action" href={call}>
          {text.call}
        </a>
      )}
      {mail && (
        <a className="action" href={mail}>
          {text.mail}
        </a>
      )}
      {client.isPhone && (
        <ChatLink
          href={inDingTalkAddress(`${publicOrigin}/directory/people/${encodeURIComponent(person.userId)}`)}
          corpId={corpId}
          userId={person.userId}
          isInDingTalk={client.isDingTalk}
          text={{ message: text.message, failed: text.messageFailed }}
        />
      )}
    </section>
  );
}

function Departments({ person, text }: { person: Person; text: DirectoryText }) {
  if (person.departments.length === 0) return null;
  return (
    <section>
      <h2 className="section-title">{text.departments}</h2>
      <ul className="rows">
        {person.departments.map(({ id, name, path, leader }) => (
          <li className="place" key={id}>
            <Path path={path} label={text.path} />
            <p>
              <Link href={`/directory/departments/${id}`} prefetch={false}>
                <bdi>{name}</bdi>
              </Link>
              {leader && <span className="badge">{text.leader}</span>}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** As it was before it was put into the address. What cannot be decoded is no user id. */
function userIdIn(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    notFound();
  }
}
