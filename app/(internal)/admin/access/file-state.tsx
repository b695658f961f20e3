import { Moment } from '@/app/_ui/moment';
import { accessState } from '@/lib/dal/admin-access';
import type { Language } from '@/lib/i18n';
import type { AccessText } from '@/lib/i18n/access-page';

/** Which rules are in force, and what is wrong with the file or with names in it. */
export async function FileState({ text, language }: { text: AccessText; language: Language }) {
  const { file, nameProblems, events } = await accessState();
  return (
    <section>
      <h2 className="section-title">{text.fileTitle}</h2>
      {file ? (
        <p className="page-lead">
          {text.inForce(file.rules, file.hash)} · {text.accepted}{' '}
          <Moment at={file.acceptedAt} language={language} />
        </p>
      ) : (
        <p className="page-lead">{text.noFile}</p>
      )}
      {file && file.problems.length > 0 && <Problems title={text.problems} lines={file.problems} />}
      {file?.differs && <p className="note note-warning">{text.differs}</p>}
      {file && nameProblems === undefined && <p className="note note-warning">{text.noDirectory}</p>}
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
      <p className="page-lead">{text.events[events]}</p>
    </section>
  );
}

function Problems({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <div className="note note-warning">
      <p>{title}</p>
      <ul className="note-list">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
