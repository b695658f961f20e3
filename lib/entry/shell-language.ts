import 'server-only';
import { localeOfShell } from '../config';
import type { Language } from '../i18n';

/** The language of the locale: Chinese where it says nothing, English where it is neither. */
export function shellLanguage(locale = localeOfShell()): Language {
  return locale === undefined || /^(zh|C\b|POSIX)/i.test(locale) ? 'zh-CN' : 'en';
}
