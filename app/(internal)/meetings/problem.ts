import { type Problem, problems } from '@/lib/errors';
import type { Messages } from '@/lib/i18n';

/** What the page says about a form that was refused. @param value of the address, which can be anything */
export function problemText(value: string | string[] | undefined, messages: Messages): string | undefined {
  if (typeof value !== 'string' || !Object.hasOwn(problems, value)) return undefined;
  const { person, next } = messages.problems[value as Problem];
  return `${person} ${next}`;
}
