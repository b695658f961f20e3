/** A small repeatable source of numbers: the same seed always gives the same sequence. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** True with the given chance (0 to 1). */
  chance(chance: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Letters and digits, as DingTalk's ids use them. */
  text(length: number): string;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Makes a source from any numbers: `createRandom(seed, index)` differs for every index and never depends on order. */
export function createRandom(...seeds: number[]): Random {
  let state = 0x9e3779b9;
  for (const seed of seeds) state = scramble(state ^ (seed | 0));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    return (scramble(state) >>> 0) / 4294967296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (chance) => next() < chance,
    pick: (list) => list[below(list.length)]!,
    text: (length) => {
      let text = '';
      for (let i = 0; i < length; i += 1) text += ALPHABET[below(ALPHABET.length)];
      return text;
    },
  };
}

function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
