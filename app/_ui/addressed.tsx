import { Sentence } from './sentence';

/** A sentence with a person's name in it, which may run from right to left without turning the rest around. */
export function Addressed({ sentence, name }: { sentence: (name: string) => string; name: string }) {
  return (
    <Sentence text={sentence}>
      <bdi>{name}</bdi>
    </Sentence>
  );
}
