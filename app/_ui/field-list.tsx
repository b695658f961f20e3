import type { ReactNode } from 'react';

export interface Field {
  label: string;
  value: ReactNode;
}

interface FieldListProps {
  title: string;
  fields: Field[];
  quiet?: boolean;
}

/** A titled card of labelled values. */
export function FieldList({ title, fields, quiet = false }: FieldListProps) {
  return (
    <section className={quiet ? 'card card-quiet' : 'card'}>
      <h2 className="section-title">{title}</h2>
      <dl className="fields">
        {fields.map(({ label, value }) => (
          <div className="field" key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
