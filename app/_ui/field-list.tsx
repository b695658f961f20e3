import type { ReactNode } from 'react';
import { Section } from './section';

export interface Field {
  label: string;
  /** Several stand one below the other. */
  value: ReactNode | readonly ReactNode[];
}

interface FieldListProps {
  title: string;
  fields: readonly Field[];
}

/** A titled group of labelled values. */
export function FieldList({ title, fields }: FieldListProps) {
  return (
    <Section title={title}>
      <div className="panel">
        <Fields fields={fields} />
      </div>
    </Section>
  );
}

/** @param isRaw values as they came from elsewhere: one tap selects a whole one */
export function Fields({ fields, isRaw = false }: { fields: readonly Field[]; isRaw?: boolean }) {
  return (
    <dl className={isRaw ? 'fields fields-raw' : 'fields'}>
      {fields.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          {(Array.isArray(value) ? (value as readonly ReactNode[]) : [value]).map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: their order does not change
            <dd key={at}>{one as ReactNode}</dd>
          ))}
        </div>
      ))}
    </dl>
  );
}
