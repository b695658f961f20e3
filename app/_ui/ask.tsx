import type { ReactNode } from 'react';

interface AskProps {
  /** What is offered; while its question is open, `cancel` stands in its place. */
  label: string;
  cancel: string;
  kind?: 'quiet-bad' | 'plain';
  className?: string;
  /** What will happen, and the button that does it. */
  children: ReactNode;
}

/** Asks once before something is done. Needs no JavaScript. */
export function Ask({ label, cancel, kind = 'quiet-bad', className = '', children }: AskProps) {
  return (
    <details className={`ask ${className}`.trim()}>
      <summary>
        <span className={`button button-${kind}`}>
          <span className="when-closed">{label}</span>
          <span className="when-open">{cancel}</span>
        </span>
      </summary>
      {children}
    </details>
  );
}
