/** A person's picture, or what is short for their name on a coloured disc (as DingTalk does it). */
export function Avatar({ name, url }: { name: string; url?: string | undefined }) {
  if (url)
    return (
      <img
        className="avatar"
        loading="lazy"
        src={url}
        alt=""
        width="56"
        height="56"
        referrerPolicy="no-referrer"
      />
    );
  return (
    <span className="avatar avatar-initials" aria-hidden="true">
      {initials(name)}
    </span>
  );
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
