import 'server-only';
import { headers } from 'next/headers';
import { brand } from '../brand';
import { config } from '../config';
import { type Language, type Messages, messagesIn, preferredLanguage } from '../i18n';
import { createCookies } from '../session/cookie';
import { partsOfClient, toClientKind } from '../session/user-agent';

type ReadableHeaders = Pick<Headers, 'get'>;

const COOKIE = 'dingpass-language';
const YEAR_SECONDS = 365 * 86_400;

/** The sentences of a request's visitor: in the language of the menu's switch, else in the one that the browser asks for. */
export function messagesFor(requestHeaders: ReadableHeaders): { language: Language; messages: Messages } {
  const language = chosenLanguage(requestHeaders) ?? preferredLanguage(requestHeaders.get('accept-language'));
  const messages = messagesIn(language);
  return { language, messages: { ...messages, appName: brand().name?.[language] ?? messages.appName } };
}

/** @see messagesFor */
export async function currentMessages(): Promise<{ language: Language; messages: Messages }> {
  return messagesFor(await headers());
}

function chosenLanguage(requestHeaders: ReadableHeaders): Language | undefined {
  const { nameOf, valuesOf } = createCookies(config());
  const [value] = valuesOf(requestHeaders.get('cookie'), nameOf(COOKIE));
  return value === 'zh-CN' || value === 'en' ? value : undefined;
}

/** A `Set-Cookie` value that keeps a language for this browser. */
export function languageCookie(language: Language): string {
  const { nameOf, set } = createCookies(config());
  return set(nameOf(COOKIE), language, YEAR_SECONDS);
}

/** What this request's visitor uses, by the user agent: enough to choose what is offered, proof of nothing. */
export async function currentClient(): Promise<{ isDingTalk: boolean; isPhone: boolean }> {
  const { app, system } = partsOfClient(toClientKind((await headers()).get('user-agent')));
  return { isDingTalk: app === 'dingtalk', isPhone: ['android', 'ios', 'harmony'].includes(system) };
}
