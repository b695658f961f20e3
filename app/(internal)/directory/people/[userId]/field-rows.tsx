import type { ReactNode } from 'react';

export interface Field {
  label: string;
  /** Several: one below the other. */
  value: ReactNode | ReactNode[];
}

/** Labelled values, one below the other. */
export function FieldRows({ fields }: { fields: readonly Field[] }) {
  return (
    <div className="panel">
      <dl className="fields">
        {fields.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            {(Array.isArray(value) ? value : [value]).map((one, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they do not move
              <dd key={at}>{one}</dd>
            ))}
          </div>
        ))}
      </dl>
    </div>
  );
}
