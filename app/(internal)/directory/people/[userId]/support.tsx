import { Icon } from '@/app/_ui/icon';
import type { PersonPage } from '@/lib/dal/directory';
import type { DirectoryText } from '@/lib/i18n/directory-page';

/** Ids, which matter to those who look after the app: folded, each selected by one tap. */
export function Support({ person: { userId, departments }, text }: { person: PersonPage; text: DirectoryText }) {
  return (
    <section className="section">
      <details className="panel fold">
        <summary>
          <span className="row">
            <span className="row-text">
              <span className="row-title">{text.support}</span>
              <span className="row-hint">{text.supportHint}</span>
            </span>
            <Icon name="down" size="s" className="arrow" />
          </span>
        </summary>
        <dl className="fold-body fields fields-raw">
          <div>
            <dt>{text.fields.userId}</dt>
            <dd>
              <code>{userId}</code>
            </dd>
          </div>
          {departments.map(({ id, name }) => (
            <div key={id}>
              <dt>{name}</dt>
              <dd>
                <code>{id}</code>
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}
