import type { ReactNode } from 'react';

/** No text has it: a control character. */
const PLACE = '\u0000';

/** A sentence with markup in its place, wherever that is in the language. */
export function Sentence({ text, children }: { text: (place: string) => string; children: ReactNode }) {
  const [before, ...after] = text(PLACE).split(PLACE);
  return (
    <>
      {before}
      {children}
      {after.join('')}
    </>
  );
}
