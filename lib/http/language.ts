import 'server-only';
import { headers } from 'next/headers';
import { type Language, type Messages, messagesIn, preferredLanguage } from '../i18n';
import { partsOfClient, toClientKind } from '../session/user-agent';

/** The sentences of this request's visitor, by the language that their browser asks for. */
export async function currentMessages(): Promise<{ language: Language; messages: Messages }> {
  const language = preferredLanguage((await headers()).get('accept-language'));
  return { language, messages: messagesIn(language) };
}

/** What this request's visitor uses, by the user agent: enough to choose what is offered, proof of nothing. */
export async function currentClient(): Promise<{ isDingTalk: boolean; isPhone: boolean }> {
  const { app, system } = partsOfClient(toClientKind((await headers()).get('user-agent')));
  return { isDingTalk: app === 'dingtalk', isPhone: ['android', 'ios', 'harmony'].includes(system) };
}
