import type { ReactNode } from 'react';

interface SectionProps {
  title: string;
  /** A link to the rest, at the title's end. */
  more?: ReactNode;
  id?: string;
  children: ReactNode;
}

/** A titled part of a page. */
export function Section({ title, more, id, children }: SectionProps) {
  return (
    <section className="section" aria-labelledby={id}>
      <div className="section-head">
        <h2 className="section-title" id={id}>
          {title}
        </h2>
        {more}
      </div>
      {children}
    </section>
  );
}
