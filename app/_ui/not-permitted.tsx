import { config } from '@/lib/config';
import { problems } from '@/lib/errors';
import type { Messages } from '@/lib/messages';
import { ProblemNote } from './problem-note';

/** What a page shows to those whom it is not for. */
export function NotPermitted({ messages }: { messages: Messages }) {
  const { person, next, cause, remedy } = messages.problems['not-permitted'];
  const { actor } = problems['not-permitted'];
  const operator = config().showOperatorHints ? { cause, remedy, actor: messages.actors[actor] } : undefined;
  return (
    <div className="panel">
      <ProblemNote message={person} nextStep={next} operator={operator} labels={messages.problemNote} />
    </div>
  );
}
