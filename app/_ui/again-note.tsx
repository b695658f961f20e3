import type { Messages } from '@/lib/i18n';

/** On the page that a refused form or link leads back to: `again=1` in its address. @see lib/auth/person-answer.ts */
export function AgainNote({ messages }: { messages: Messages }) {
  return (
    <p className="note note-warning" role="status">
      {messages.stepUp.again}
    </p>
  );
}
