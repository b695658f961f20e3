import { Note } from '@/app/_ui/note';
import { Section } from '@/app/_ui/section';
import { When } from '@/app/_ui/when';
import { accessState } from '@/lib/dal/admin-access';
import type { Language } from '@/lib/i18n';
import type { AccessText } from '@/lib/i18n/access-page';

/** Which rules are in force, and what is wrong with the file or with names in it. */
export async function FileState({ text, language }: { text: AccessText; language: Language }) {
  const { file, nameProblems, events } = await accessState();
  return (
    <Section title={text.fileTitle}>
      <div className="panel pad">
        {file ? (
          <p>
            {text.inForce(file.rules, file.hash)} · {text.accepted}{' '}
            <When at={file.acceptedAt} language={language} />
          </p>
        ) : (
          <p>{text.noFile}</p>
        )}
        <p className="hint">{text.events[events]}</p>
      </div>
      {file && file.problems.length > 0 && <Problems title={text.problems} lines={file.problems} />}
      {file?.differs && <Note kind="warn">{text.differs}</Note>}
      {file && nameProblems === undefined && <Note kind="warn">{text.noDirectory}</Note>}
      {nameProblems && nameProblems.length > 0 && (
        <Problems
          title={text.names}
          lines={nameProblems.map(({ rule, condition, suggestions, isAmbiguous }) => {
            const names = suggestions.join(', ');
            const hint = names && (isAmbiguous ? text.paths(names) : text.nearest(names));
            return [text.rule(condition, rule.line), hint].filter(Boolean).join(' — ');
          })}
        />
      )}
    </Section>
  );
}

function Problems({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <Note kind="warn">
      <p>{title}</p>
      <ul className="dashes">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Note>
  );
}
