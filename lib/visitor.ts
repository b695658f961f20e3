import 'server-only';
import { headers } from 'next/headers';
import { type Language, type Messages, messagesIn, preferredLanguage } from './messages';

/** The sentences of this request's visitor, by the language that their browser asks for. */
export async function currentMessages(): Promise<{ language: Language; messages: Messages }> {
  const language = preferredLanguage((await headers()).get('accept-language'));
  return { language, messages: messagesIn(language) };
}
