import { Fields } from '@/app/_ui/field-list';
import { Fold } from '@/app/_ui/fold';
import type { PersonPage } from '@/lib/dal/directory';
import type { DirectoryText } from '@/lib/i18n/directory-page';

/** Ids, which matter to those who look after the app: folded, each selected by one tap. */
export function Support({ person, text }: { person: PersonPage; text: DirectoryText }) {
  const { userId, departments } = person;
  return (
    <section className="section">
      <Fold title={text.support} hint={text.supportHint}>
        <Fields
          isRaw
          fields={[
            { label: text.fields.userId, value: userId },
            ...departments.map(({ id, name }) => ({ label: name, value: id })),
          ]}
        />
      </Fold>
    </section>
  );
}
