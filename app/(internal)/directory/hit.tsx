/** Text with what was looked for marked, where it stands there as it was typed. */
export function Hit({ text, query = '' }: { text: string; query?: string | undefined }) {
  const term = query
    .split(/\s+/)
    .filter(Boolean)
    .find((one) => text.toLowerCase().includes(one.toLowerCase()));
  if (term === undefined) return <>{text}</>;
  const at = text.toLowerCase().indexOf(term.toLowerCase());
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + term.length)}</mark>
      {text.slice(at + term.length)}
    </>
  );
}
