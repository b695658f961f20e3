interface AvatarProps {
  name: string;
  url?: string | undefined;
  /** Whose it is: decides the colour, which stays when the name changes. */
  userId?: string | undefined;
  /** 40 px by default; `s`: 34, `l`: 64. */
  size?: 's' | 'l';
}

/** A person's picture, or what is short for their name on a coloured disc (as DingTalk does it). */
export function Avatar({ name, url, userId = name, size }: AvatarProps) {
  const classes = `avatar${size ? ` avatar-${size}` : ''}`;
  const side = size ? SIDES[size] : 40;
  if (url)
    return (
      <img
        className={classes}
        loading="lazy"
        src={url}
        alt=""
        width={side}
        height={side}
        referrerPolicy="no-referrer"
      />
    );
  return (
    <span className={`${classes} tone-${toneOf(userId)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

const SIDES = { s: 34, l: 64 };
const TONES = 6;

function toneOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) % 9973;
  return (sum % TONES) + 1;
}

const CHARACTERS = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const WORDS = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;

/** The last two characters of a Chinese, Korean or Japanese name; of others, the first letters of two words. */
function initials(name: string): string {
  const characters = name.match(CHARACTERS);
  if (characters) return characters.slice(-2).join('');
  const words = name.match(WORDS) ?? [name];
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return ends.map((word) => (Array.from(word)[0] ?? '').toUpperCase()).join('');
}
