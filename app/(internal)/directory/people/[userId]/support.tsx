import { Fields } from '@/app/_ui/field-list';
import { Icon } from '@/app/_ui/icon';
import type { PersonPage } from '@/lib/dal/directory';
import type { DirectoryText } from '@/lib/i18n/directory-page';

/** Ids, which matter to those who look after the app: folded, each selected by one tap. */
export function Support({
  person: { userId, departments },
  text,
}: {
  person: PersonPage;
  text: DirectoryText;
}) {
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
        <div className="fold-body">
          <Fields
            isRaw
            fields={[
              { label: text.fields.userId, value: <code>{userId}</code> },
              ...departments.map(({ id, name }) => ({ label: name, value: <code>{id}</code> })),
            ]}
          />
        </div>
      </details>
    </section>
  );
}
