import { Avatar } from '@/app/_ui/avatar';
import { Icon } from '@/app/_ui/icon';
import { Section } from '@/app/_ui/section';
import { When } from '@/app/_ui/when';
import type { Finding } from '@/lib/auth/access/condition';
import type { Rule, Verdict } from '@/lib/auth/access/decide';
import type { Explanation, Person } from '@/lib/auth/access/explain';
import type { AccessAnswer } from '@/lib/dal/admin-access';
import type { Language } from '@/lib/i18n';
import type { AccessText } from '@/lib/i18n/access-page';

interface Shown {
  text: AccessText;
  language: Language;
}

/** What the rules say about one person, one address, or both. */
export function Answer({ answer, text, language }: Shown & { answer: AccessAnswer }) {
  const { people, explanation, table, audience } = answer;
  const person = people[0];
  return (
    <>
      {explanation && person && (
        <Why explanation={explanation} person={person} text={text} language={language} />
      )}
      {table && person && (
        <Section title={`${person.name} · ${text.table}`}>
          <ul className="panel rows">
            {table.map((verdict) => (
              <li key={verdict.rule.line}>
                <div className="row">
                  <Sign isGood={verdict.admitted} />
                  <span className="row-text">
                    <span className="row-title">{nameOf(verdict.rule)}</span>
                    <span className="row-hint">{text.rule(conditionsOf(verdict), verdict.rule.line)}</span>
                  </span>
                  <span className="for-readers">{verdict.admitted ? text.admitted : text.refused}</span>
                </div>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {audience && (
        <Section title={text.audience(audience.count)}>
          {audience.count > audience.first.length && (
            <p className="line">{text.audienceFirst(audience.first.length)}</p>
          )}
          <People people={audience.first} />
        </Section>
      )}
    </>
  );
}

function Why({ explanation, person, text, language }: Shown & { explanation: Explanation; person: Person }) {
  const { verdict, address, wanted, barring, departments, roles, asOf } = explanation;
  const { admitted, rule, because, findings, recent } = verdict;
  const list = (names: readonly string[] | undefined) =>
    names === undefined ? text.unknown : names.join(', ') || text.none;
  return (
    <section className="panel section access-answer" data-admitted={admitted}>
      <div className="row">
        <Sign isGood={admitted} />
        <h2 className="panel-title row-text">
          {admitted ? text.admitted : text.refused}: <bdi>{person.name}</bdi> → <code>{address}</code>
        </h2>
      </div>
      <p>{text.because[because]}</p>
      {rule && <p className="access-rule">{text.rule(nameOf(rule), rule.line)}</p>}
      {findings.length > 0 && <Findings findings={findings} resolved={explanation.resolved} text={text} />}
      {recent !== undefined && <p>{text.recent(recent)}</p>}
      {wanted.length > 0 && <p>{`${text.wanted} ${wanted.map((one) => one.text).join(', ')}`}</p>}
      {barring.length > 0 && (
        <p>{`${text.barring} ${barring.map(({ condition }) => condition.text).join(', ')}`}</p>
      )}
      <dl className="fields">
        <div>
          <dt>{text.departments}</dt>
          <dd>{list(departments)}</dd>
        </div>
        <div>
          <dt>{text.roles}</dt>
          <dd>{list(roles)}</dd>
        </div>
        <div>
          <dt>{text.asOf}</dt>
          <dd>{asOf === undefined ? text.unknown : <When at={asOf} language={language} />}</dd>
        </div>
      </dl>
    </section>
  );
}

interface FindingsProps {
  findings: readonly Finding[];
  resolved: Explanation['resolved'];
  text: AccessText;
}

function Findings({ findings, resolved, text }: FindingsProps) {
  return (
    <ul className="access-findings">
      {findings.map(({ condition, truth, reason, parts }) => (
        <li key={condition.text} data-truth={truth}>
          <code>{condition.text}</code>
          {resolved.has(condition.text) && ` (${resolved.get(condition.text)})`} — {text.truths[truth]}
          {reason !== 'fact' && reason !== 'parts' && ` (${text.reasons[reason]})`}
          {parts && <Findings findings={parts} resolved={resolved} text={text} />}
        </li>
      ))}
    </ul>
  );
}

export function People({
  people,
  hrefOf,
}: {
  people: readonly Person[];
  hrefOf?: (person: Person) => string;
}) {
  return (
    <ul className="panel rows">
      {people.map((person) => {
        const text = (
          <>
            <Avatar name={person.name} userId={person.userId} />
            <span className="row-text">
              <span className="row-title clamp-2">
                <bdi>{person.name}</bdi>
              </span>
              <span className="row-hint clamp-2">{[...person.departments, person.userId].join(' · ')}</span>
            </span>
          </>
        );
        return (
          <li key={person.userId}>
            {hrefOf ? (
              <a className="row" href={hrefOf(person)}>
                {text}
              </a>
            ) : (
              <span className="row">{text}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Sign({ isGood }: { isGood: boolean }) {
  return <Icon name={isGood ? 'ok' : 'refused'} className={isGood ? 'is-ok' : 'is-bad'} />;
}

function nameOf({ at: { host = '', path, below } }: Rule): string {
  return host + (below ? `${path === '/' ? '' : path}/*` : path);
}

const conditionsOf = ({ findings }: Verdict) => findings.map(({ condition }) => condition.text).join(', ');
