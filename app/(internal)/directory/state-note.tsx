import { Age, Moment } from '@/app/_ui/moment';
import { RefreshEvery } from '@/app/_ui/refresh-every';
import type { ShownState } from '@/lib/directory/mirror-state';
import type { Language } from '@/lib/i18n';
import { directoryPage } from '@/lib/i18n/directory-page';
import { missingName } from './missing-name';

const MAX_LISTED = 5;

interface StateNoteProps {
  state: ShownState;
  language: Language;
  /** What is wrong stands above the content that it is about; how old it is, below. */
  place: 'above' | 'below';
}

/** How old what is shown is, and what is missing of it. Quiet while all is well. */
export function StateNote({ state, language, place }: StateNoteProps) {
  const text = directoryPage[language];
  if ((state.state === 'complete') !== (place === 'below')) return null;
  if (state.state === 'none') {
    return (
      <div className="note note-warning" role="status">
        <p>{text.none}</p>
        <RefreshEvery seconds={5} />
      </div>
    );
  }
  const age = state.asOf !== undefined && (
    <p>
      {text.asOf}
      <Moment at={state.asOf} language={language} />
      {state.ageSeconds !== undefined && (
        <>
          {language === 'en' ? ' (' : '（'}
          <Age seconds={state.ageSeconds} language={language} />
          {language === 'en' ? ')' : '）'}
        </>
      )}
    </p>
  );
  if (state.state === 'complete') return <div className="note">{age}</div>;
  return (
    <div className="note note-warning" role="status">
      {state.state === 'failed' ? <p>{text.failed}</p> : <MissingParts state={state} language={language} />}
      {age}
      {state.completeAsOf !== undefined && state.completeAsOf !== state.asOf && (
        <p>
          {text.completeAsOf}
          <Moment at={state.completeAsOf} language={language} />
        </p>
      )}
    </div>
  );
}

function MissingParts({ state, language }: { state: ShownState; language: Language }) {
  const text = directoryPage[language];
  const names = [...new Set(state.missing.map((missing) => missingName(missing, text)))];
  if (names.length === 0) return <p>{text.partialPlain}</p>;
  return (
    <>
      <p>{text.partial}</p>
      <ul className="note-list">
        {names.slice(0, MAX_LISTED).map((name) => (
          <li key={name}>{name}</li>
        ))}
        {names.length > MAX_LISTED && <li>{text.andMore(names.length - MAX_LISTED)}</li>}
      </ul>
    </>
  );
}
