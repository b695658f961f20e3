import type { ReactNode } from 'react';
import { Icon } from './icon';

interface FoldProps {
  title: string;
  hint?: ReactNode;
  /** Before the title. */
  icon?: ReactNode;
  children: ReactNode;
}

/** What is rarely wanted: closed until it is asked for. Needs no JavaScript. */
export function Fold({ title, hint, icon, children }: FoldProps) {
  return (
    <details className="panel fold">
      <summary>
        <span className="row">
          {icon}
          <span className="row-text">
            <span className="row-title">{title}</span>
            {hint && <span className="row-hint">{hint}</span>}
          </span>
          <Icon name="down" size="s" className="arrow" />
        </span>
      </summary>
      <div className="fold-body">{children}</div>
    </details>
  );
}
