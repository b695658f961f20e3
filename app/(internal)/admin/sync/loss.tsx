import { Ask } from '@/app/_ui/ask';
import { Icon } from '@/app/_ui/icon';
import { Section } from '@/app/_ui/section';
import { withBasePath } from '@/lib/base-path';
import type { ReadingLoss } from '@/lib/dal/admin-sync';
import type { Messages } from '@/lib/i18n';

/** What a reading would take away: which departments and whom; then what to do, and last, to accept it. */
export function Loss({ loss, messages }: { loss: ReadingLoss; messages: Messages }) {
  const text = messages.admin.loss;
  const { before, read, lost } = loss;
  return (
    <>
      <section className="loss" aria-labelledby="loss">
        <div className="loss-head">
          <Icon name="warning" />
          <div>
            <h2 className="panel-title" id="loss">
              {text.title(lost)}
            </h2>
            <p>{text.why(before, read, Math.round((lost / Math.max(1, before)) * 100))}</p>
          </div>
        </div>
        <Departments loss={loss} messages={messages} />
        <People loss={loss} messages={messages} />
      </section>
      <Remedies loss={loss} messages={messages} />
    </>
  );
}

function Departments({ loss, messages }: { loss: ReadingLoss; messages: Messages }) {
  const text = messages.admin.loss;
  const heads = [text.department, text.before, text.read, text.difference];
  return (
    <>
      {/* A grid of lines, so that long names have the width of a phone: what it is, the roles say. */}
      {/* biome-ignore-start lint/a11y/useSemanticElements: a table cannot be a grid in old webviews */}
      {/* biome-ignore-start lint/a11y/useFocusableInteractive: nothing in it is interactive */}
      <div role="table" aria-label={text.table}>
        <div className="loss-row" role="row">
          {heads.map((head) => (
            <span className="loss-label" role="columnheader" key={head}>
              {head}
            </span>
          ))}
        </div>
        {loss.departments.map(({ id, name, before, lost, isGone }) => (
          <div className="loss-row" role="row" key={id}>
            <span role="cell">
              <bdi>{name}</bdi> {isGone && <span className="badge badge-bad">{text.gone}</span>}
            </span>
            <span role="cell" className="num">
              {before}
            </span>
            <span role="cell" className="num">
              {Math.max(0, before - lost)}
            </span>
            <span role="cell" className={lost > 0 ? 'num loss-bad' : 'num'}>
              {lost > 0 ? `−${lost}` : '0'}
            </span>
          </div>
        ))}
      </div>
      {/* biome-ignore-end lint/a11y/useFocusableInteractive: nothing in it is interactive */}
      {/* biome-ignore-end lint/a11y/useSemanticElements: a table cannot be a grid in old webviews */}
      {loss.moreDepartments > 0 && (
        <p className="hint loss-more">{text.moreDepartments(loss.moreDepartments)}</p>
      )}
    </>
  );
}

const SHOWN_AT_ONCE = 4;

function People({ loss: { sample, lost, online }, messages }: { loss: ReadingLoss; messages: Messages }) {
  const text = messages.admin.loss;
  const { comma } = messages.audit;
  const isMore = lost > SHOWN_AT_ONCE;
  return (
    <details className="fold">
      <summary className="ruled">
        <span className="row">
          <span className="row-text">
            <span className="row-title clamp-2">
              {text.who}: {sample.slice(0, SHOWN_AT_ONCE).join(comma)}
              {isMore && '…'}
            </span>
            <span className="row-hint">{text.summary(lost, online)}</span>
          </span>
          <Icon name="down" size="s" className="arrow" />
        </span>
      </summary>
      <p className="fold-body pad">
        {sample.join(comma)}
        {lost > sample.length && text.more(lost - sample.length)}
      </p>
    </details>
  );
}

function Remedies({ loss: { lost, online }, messages }: { loss: ReadingLoss; messages: Messages }) {
  const { loss: text, cancel } = messages.admin;
  return (
    <Section title={text.todo}>
      <div className="panel pad">
        <ol className="steps">
          <li>
            <strong>{text.first}</strong>
            {text.firstMore}
          </li>
          <li>
            <strong>{text.second}</strong>
            {text.secondMore}
            <form className="button-row" method="post" action={withBasePath('/api/admin/sync')}>
              <button type="submit" className="button">
                <Icon name="sync" size="s" className="icon-plain" />
                {text.again}
              </button>
            </form>
          </li>
          <li>
            <strong>{text.third}</strong>
            {text.thirdMore}
            <Ask label={text.accept} cancel={cancel} kind="plain">
              <form className="ask-panel" method="post" action={withBasePath('/api/admin/sync')}>
                <p>{text.acceptAsk(lost, online)}</p>
                <input type="hidden" name="accept-shrink" value="yes" />
                <button type="submit" className="button button-bad">
                  {text.acceptConfirm}
                </button>
              </form>
            </Ask>
          </li>
        </ol>
      </div>
    </Section>
  );
}
