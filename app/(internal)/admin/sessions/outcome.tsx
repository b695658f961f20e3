import Link from 'next/link';
import { Note } from '@/app/_ui/note';
import { oneValue } from '@/app/_ui/page-frame';
import { personToEnd } from '@/lib/dal/admin-sessions';
import type { Messages } from '@/lib/i18n';

interface OutcomeProps {
  /** The page's address is untrusted input: numbers and ids only, and never as markup. */
  asked: Record<string, string | string[] | undefined>;
  messages: Messages;
}

/** What became of the order that led here. */
export async function Outcome({ asked, messages }: OutcomeProps) {
  const text = messages.online;
  const [ended, person, unknown] = [asked.ended, asked.person, asked.unknown].map(oneValue) as [
    string,
    string,
    string,
  ];
  if (unknown !== '') return <Note kind="warn">{text.unknown(unknown.slice(0, 128))}</Note>;
  const known = /^\d{1,9}$/.test(ended) ? await personToEnd(person) : null;
  if (!known) return null;
  return (
    <Note kind="ok">
      {asked.device === 'one' ? text.endedOne(known.name) : text.ended(known.name, Number(ended))}{' '}
      <Link href={`/admin/audit?${new URLSearchParams({ person: known.userId })}`} prefetch={false}>
        {text.records}
      </Link>
    </Note>
  );
}
