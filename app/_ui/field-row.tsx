import type { ReactNode } from 'react';

/** A labelled value of a `<dl className="fields">`; nothing where there is no value. */
export function FieldRow({ label, children }: { label: string; children?: ReactNode }) {
  if (!children) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The address at which a permission is applied for. */
export function ApplyLink({ url }: { url: string }) {
  return (
    <a href={url} rel="noreferrer">
      {url}
    </a>
  );
}
