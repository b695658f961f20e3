import type { ReactNode } from 'react';
import { withBasePath } from '@/lib/base-path';

interface EndFormProps {
  /** Whose sessions, or which. */
  name: 'session' | 'person' | 'everyone';
  value: string;
  q?: string;
  button: string;
  /** What will happen. */
  children: ReactNode;
}

/** The second step of signing a person out: says what will happen, and does it. */
export function EndForm({ name, value, q = '', button, children }: EndFormProps) {
  return (
    <form className="ask-panel" method="post" action={withBasePath('/api/admin/sessions')}>
      <p>{children}</p>
      <input type="hidden" name={name} value={value} />
      {q !== '' && <input type="hidden" name="q" value={q} />}
      <button type="submit" className="button button-bad">
        {button}
      </button>
    </form>
  );
}
