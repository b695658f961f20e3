import { oneValue, Page, titled } from '@/app/_ui/page-frame';
import { pageAdministrator } from '@/lib/auth/administrator';
import { explainAccessTo } from '@/lib/dal/admin-access';
import { currentMessages } from '@/lib/http/language';
import type { Language } from '@/lib/i18n';
import type { AccessText } from '@/lib/i18n/access-page';
import { Answer, People } from './answer';
import { FileState } from './file-state';

export const generateMetadata = titled(({ access, appName }) => [access.title, appName]);

/** For administrators: who may open which page, and why. A plain form: it needs no JavaScript. */
export default async function AccessPage(props: PageProps<'/admin/access'>) {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const { person, address } = await props.searchParams;
  const asked = { person: entered(person), address: entered(address) };
  const text = messages.access;
  return (
    <Page back={{ label: text.home }} title={text.title}>
      <p className="page-lead">{text.lead}</p>
      <form className="panel filter access-form" action="/admin/access">
        <label>
          <span>{text.person}</span>
          <input className="search-box" name="person" defaultValue={asked.person} maxLength={64} />
        </label>
        <label>
          <span>{text.address}</span>
          <input className="search-box" name="address" defaultValue={asked.address} maxLength={512} />
        </label>
        <div className="actions">
          <button type="submit" className="action">
            {text.ask}
          </button>
        </div>
      </form>
      {(asked.person !== '' || asked.address !== '') && (
        <Result asked={asked} text={text} language={language} />
      )}
      <FileState text={text} language={language} />
    </Page>
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
  if (person !== '' && people.length === 0) return <p className="note note-warning">{text.nobodyFits}</p>;
  if (people.length > 1)
    return (
      <section>
        <h2 className="section-title">{text.severalFit}</h2>
        <People people={people} hrefOf={({ userId }) => hrefOf(userId, address)} />
      </section>
    );
  return <Answer answer={answer} text={text} language={language} />;
}

function hrefOf(person: string, address: string): string {
  return `/admin/access?${new URLSearchParams(address === '' ? { person } : { person, address })}`;
}

function entered(value: string | string[] | undefined): string {
  return oneValue(value).trim().slice(0, 512);
}
