import 'server-only';
import { perhapsMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { shownName } from '../shown-text';

const DIGITS = 4;

/**
 * What stands over pages with other people's data where `WATERMARK=on`: the reader's name and the last digits of their
 * mobile number, or of their user id where no number is known. Undefined: nothing.
 */
export async function watermarkText(): Promise<string | undefined> {
  const session = config().watermark ? await perhapsMember() : null;
  if (!session) return undefined;
  // Whatever is wrong with the directory, the page has its mark.
  const member = await directoryStore()
    .member(session.userId)
    .catch(() => null);
  const name = shownName(member?.record.name ?? session.name, session.userId);
  return `${name} ${(member?.record.mobile ?? session.userId).slice(-DIGITS)}`;
}
