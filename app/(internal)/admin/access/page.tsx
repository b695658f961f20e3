import { Note } from '@/app/_ui/note';
import { oneValue, titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { pageAdministrator } from '@/lib/auth/administrator';
import { withBasePath } from '@/lib/base-path';
import { explainAccessTo } from '@/lib/dal/admin-access';
import { currentMessages } from '@/lib/http/language';
import type { Language } from '@/lib/i18n';
import type { AccessText } from '@/lib/i18n/access-page';
import { AdminPage } from '../admin-page';
import { Answer, People } from './answer';
import { FileState } from './file-state';

export const generateMetadata = titled(({ access, admin }) => [access.title, admin.title]);

/** For administrators: who may open which page, and why. A plain form: it needs no JavaScript. */
export default async function AccessPage(props: PageProps<'/admin/access'>) {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const { person, address } = await props.searchParams;
  const asked = { person: entered(person), address: entered(address) };
  const text = messages.access;
  return (
    <AdminPage tab="access" side={<FileState text={text} language={language} />}>
      <form className="panel filters filters-2" action={withBasePath('/admin/access')}>
        <div>
          <label className="label" htmlFor="person">
            {text.person}
          </label>
          <input className="input" id="person" name="person" defaultValue={asked.person} maxLength={64} />
        </div>
        <div>
          <label className="label" htmlFor="address">
            {text.address}
          </label>
          <input
            className="input"
            id="address"
            name="address"
            defaultValue={asked.address}
            maxLength={512}
            autoCapitalize="off"
            spellCheck={false}
          />
        </div>
        <button type="submit" className="button filter-wide">
          {text.ask}
        </button>
      </form>
      <p className="line">{text.lead}</p>
      {(asked.person !== '' || asked.address !== '') && (
        <Result asked={asked} text={text} language={language} />
      )}
    </AdminPage>
  );
}

interface ResultProps {
  asked: { person: string; address: string };
  text: AccessText;
  language: Language;
}

async function Result({ asked: { person, address }, text, language }: ResultProps) {
  const answer = await explainAccessTo(person, address);
  const { people } = answer;
  if (person !== '' && people.length === 0) return <Note kind="warn">{text.nobodyFits}</Note>;
  if (people.length > 1)
    return (
      <Section title={text.severalFit}>
        <People people={people} hrefOf={({ userId }) => hrefOf(userId, address)} />
      </Section>
    );
  return <Answer answer={answer} text={text} language={language} />;
}

function hrefOf(person: string, address: string): string {
  return `/admin/access?${new URLSearchParams(address === '' ? { person } : { person, address })}`;
}

function entered(value: string | string[] | undefined): string {
  return oneValue(value).trim().slice(0, 512);
}
