/** A sentence with a person's name in it, which may run from right to left without turning the rest around. */
export function Addressed({ sentence, name }: { sentence: (name: string) => string; name: string }) {
  const [before, ...after] = sentence(PLACE).split(PLACE);
  return (
    <>
      {before}
      <bdi>{name}</bdi>
      {after.join('')}
    </>
  );
}

/** No name has it: a control character. */
const PLACE = '\u0000';
