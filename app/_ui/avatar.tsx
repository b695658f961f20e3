/** A person's picture, or the end of their name on a coloured disc (as DingTalk does it). */
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

function initials(name: string): string {
  const characters = Array.from(name.trim());
  const latin = /^\p{Script=Latin}/u.test(characters[0] ?? '');
  return (latin ? characters.slice(0, 2) : characters.slice(-2)).join('');
}
