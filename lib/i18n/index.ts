import { en } from './en';
import { type Messages, zhCN } from './zh-CN';

export type { Messages };
export type Language = 'zh-CN' | 'en';

/** Every sentence a person reads, in one language. */
export function messagesIn(language: Language): Messages {
  return language === 'en' ? en : zhCN;
}

/**
 * The visitor's language by an `Accept-Language` header or a browser's language tag: the first of theirs that we
 * speak, Chinese where they say nothing, English where we speak none of theirs.
 */
export function preferredLanguage(accepted: string | null | undefined): Language {
  if (!accepted?.trim()) return 'zh-CN';
  const wanted = accepted
    .slice(0, 256)
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { tag } of wanted) {
    if (tag === '*' || tag.startsWith('zh')) return 'zh-CN';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}
