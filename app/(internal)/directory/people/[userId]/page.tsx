import { headers } from 'next/headers';
import { notFound } from 'next/navigation';
import { Avatar } from '@/app/_ui/avatar';
import { FieldList } from '@/app/_ui/field-list';
import { Page, titled } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { type PersonPage as Person, personPage } from '@/lib/dal/directory';
import { currentMessages } from '@/lib/http/language';
import { type DirectoryText, directoryPage } from '@/lib/i18n/directory-page';
import { shownText } from '@/lib/shown-text';
import { toPersonItem } from '../../items';
import { StateNote } from '../../state-note';
import { contactFields, withheld } from './contact';
import { Reach } from './reach';
import { Support } from './support';
import { Work } from './work';

export const generateMetadata = titled(({ directory }) => [directory.person, directory.title]);

/** One person: how to reach them and where they work, as far as DingTalk tells and the viewer may see. */
export default async function PersonPage(props: PageProps<'/directory/people/[userId]'>) {
  await pageMember();
  const { language } = await currentMessages();
  const text = directoryPage[language];
  const person = await personPage(userIdIn((await props.params).userId));
  if (!person) notFound();
  const contact = contactFields(person, text);
  return (
    <Page back={{ href: '/directory', label: await backLabel(text) }}>
      <StateNote state={person.state} language={language} place="above" />
      <div className="split split-start">
        <div>
          <Face person={person} text={text} />
        </div>
        <div>
          {contact.length > 0 && <FieldList title={text.contact} fields={contact} />}
          <Work person={person} text={text} />
          <Withheld person={person} hasContact={contact.length > 0} text={text} />
          <Support person={person} text={text} />
          <StateNote state={person.state} language={language} place="below" />
        </div>
      </div>
    </Page>
  );
}

function Face({ person, text }: { person: Person; text: DirectoryText }) {
  const { userId, name, title, active, avatarUrl } = toPersonItem(person);
  const departments = person.departments.map((department) => department.name);
  return (
    <section className="panel">
      <div className="who">
        <Avatar name={name} url={avatarUrl} userId={userId} size="l" />
        <div className="who-text">
          <h1 className="who-name clamp-2">
            <bdi>{name}</bdi>
            {!active && (
              <>
                {' '}
                <span className="badge">{text.inactive}</span>
              </>
            )}
          </h1>
          <p className="hint clamp-2">{[title, ...departments].filter(Boolean).join(' · ')}</p>
        </div>
      </div>
      <Reach person={person} text={text} />
    </section>
  );
}

interface WithheldProps {
  person: Person;
  hasContact: boolean;
  text: DirectoryText;
}

/** In one line, with the reason, instead of a row for each. */
function Withheld({ person, hasContact, text }: WithheldProps) {
  const names = withheld(person, text);
  if (names.length === 0) return null;
  return <p className="line">{hasContact ? text.withheld(names.join(text.comma)) : text.noContact}</p>;
}

/** Where the link back leads: to a search by its words. */
async function backLabel(text: DirectoryText): Promise<string> {
  const referer = (await headers()).get('referer') ?? '';
  const [, query] = /^https?:\/\/[^/]+\/directory\?(.*)$/.exec(referer) ?? [];
  const words = shownText(new URLSearchParams(query).get('q')?.slice(0, 40));
  return words === undefined ? text.back : text.backToResults(words);
}

/** As it was before it was put into the address. What cannot be decoded is no user id. */
function userIdIn(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    notFound();
  }
}
