import 'server-only';

/**
 * What goes wrong with a value on its way from a console, a chat or a document into an environment: quotes that
 * `docker --env-file` keeps, full-width signs of a Chinese keyboard, invisible characters. Each would be taken
 * for part of the value, and fail far away from here.
 */

/** `ascii`: a machine's word. `address`: a host may be Chinese, what is around it not. `names`: any text between commas. */
export type ValueKind = 'ascii' | 'address' | 'names' | 'path';

const QUOTES = '"\'`“”„‟‘’‚‛«»「」『』＂＇｀';
const QUOTED = new RegExp(`^[${QUOTES}]|[${QUOTES}]$`, 'u');
/** A joiner inside an emoji is visible. */
const EMOJI_JOINER = /(?<=\p{Extended_Pictographic}\uFE0F?)\u200D/gu;
const INVISIBLE = /[\p{Cf}\p{Cc}\u3164\u115F\u1160\uFFA0]/u;
const FULL_WIDTH = /[\uFF01-\uFF5E\u3000-\u303F]/u;
const NOT_ASCII = /[^\x20-\x7E]/u;

/**
 * Names what is wrong with a value as it was pasted; undefined where nothing is. Never repeats the value.
 *
 * @param value without blanks around it
 */
export function problemOfPasting(name: string, value: string, kind: ValueKind): string | undefined {
  const parts = kind === 'path' ? [value] : value.split(/[,，;；]/).map((part) => part.trim());
  if (parts.some((part) => QUOTED.test(part)))
    return 'has quotes around it: remove them (docker --env-file keeps them) / 带有引号，请去掉（docker --env-file 会保留引号）';
  if (INVISIBLE.test(value.replace(EMOJI_JOINER, '')))
    return 'has blanks or unusual characters that cannot be seen: type it anew / 含有空格或看不见的异常字符，请重新输入';
  if (value.startsWith(`${name}=`))
    return `has its own name in it: ${name}= stands there twice / 值里又写了一遍 ${name}=`;
  if (kind === 'names') return undefined;
  if (/\s#/.test(value))
    return 'has blanks or unusual characters, perhaps a comment behind it: put comments on lines of their own / 含有空格或异常字符，可能是值后面的注释，请另起一行';
  if (kind === 'path') return undefined;
  if (FULL_WIDTH.test(value))
    return 'has full-width characters such as ：，／: type them in half-width / 含有全角字符（如：，／），请改用半角';
  if (kind === 'ascii' && NOT_ASCII.test(value))
    return 'has blanks or unusual characters: only letters, digits and signs of ASCII / 含有空格或异常字符，只能用英文字母、数字和半角符号';
  return undefined;
}

/**
 * A setting's name with something invisible, blank or full-width in it: whatever starts the process takes it for
 * another name.
 *
 * @returns the names that were found so, and are not set otherwise
 */
export function disguisedNames(env: Record<string, string | undefined>, names: readonly string[]): string[] {
  const known = new Set(names);
  const plain = (name: string) =>
    name
      .normalize('NFKC')
      .replace(/[^\x21-\x7E]/g, '')
      .replace(/^["']|["']$/g, '');
  return Object.keys(env)
    .filter((name) => !known.has(name))
    .map(plain)
    .filter((name) => known.has(name) && !env[name]?.trim());
}
