import { Note } from '@/app/_ui/note';
import { RefreshEvery } from '@/app/_ui/refresh-every';
import { Sentence } from '@/app/_ui/sentence';
import { When } from '@/app/_ui/when';
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
      <Note kind="warn">
        {text.none}
        <RefreshEvery seconds={5} />
      </Note>
    );
  }
  const age = state.asOf !== undefined && (
    <Sentence text={text.asOf}>
      <When at={state.asOf} language={language} />
    </Sentence>
  );
  if (state.state === 'complete') return <p className="line">{age}</p>;
  return (
    <Note kind="warn">
      {state.state === 'failed' ? <p>{text.failed}</p> : <MissingParts state={state} language={language} />}
      {age && <p>{age}</p>}
      {state.completeAsOf !== undefined && state.completeAsOf !== state.asOf && (
        <p>
          <Sentence text={text.completeAsOf}>
            <When at={state.completeAsOf} language={language} />
          </Sentence>
        </p>
      )}
    </Note>
  );
}

function MissingParts({ state, language }: { state: ShownState; language: Language }) {
  const text = directoryPage[language];
  const names = [...new Set(state.missing.map((missing) => missingName(missing, text)))];
  if (names.length === 0) return <p>{text.partialPlain}</p>;
  return (
    <>
      <p>{text.partial}</p>
      <ul className="dashes">
        {names.slice(0, MAX_LISTED).map((name) => (
          <li key={name}>{name}</li>
        ))}
        {names.length > MAX_LISTED && <li>{text.andMore(names.length - MAX_LISTED)}</li>}
      </ul>
    </>
  );
}
