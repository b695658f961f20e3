import Link from 'next/link';
import { Note } from '@/app/_ui/note';
import { personToEnd } from '@/lib/dal/admin-sessions';
import type { Messages } from '@/lib/i18n';
import { EndForm } from './end-form';

/** Asks about the person whom an administrator named by user id: nothing is done before the answer. */
export async function EndPerson({ given, messages }: { given: string; messages: Messages }) {
  const text = messages.online;
  const person = await personToEnd(given.slice(0, 128));
  if (!person) return <Note kind="warn">{text.unknown(given.slice(0, 128))}</Note>;
  const { userId, name, count } = person;
  return (
    <section className="panel pad end-person" aria-labelledby="end-person">
      <h2 className="panel-title" id="end-person">
        {text.endWhom(name)}
      </h2>
      <p className="hint">
        {text.userId} <code>{userId}</code>
      </p>
      <EndForm name="person" value={userId} button={text.endWhomConfirm}>
        {text.endWhomAsk(count)}
      </EndForm>
      <Link className="button button-quiet" href="/admin/sessions" prefetch={false}>
        {text.cancel}
      </Link>
    </section>
  );
}
