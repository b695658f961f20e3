import 'server-only';
import { pinyin, polyphonic } from 'pinyin-pro';
import { foldLetters, simplify } from './normalize';

/** A Chinese character, or a word of another script. */
interface Unit {
  /** How it may be spoken, likeliest first. `ü` is written `v`. */
  readings: string[];
  /** Begins a word: after a blank, a dot or the like. */
  begins: boolean;
}

/** Ways to say a name, or what is left of it from some unit on. */
export interface Spoken {
  /** Each a syllable for each unit. */
  sounds: string[][];
  initials: string[];
  begins: boolean;
}

interface Options {
  /** Of so many combinations of readings, the likeliest are given. */
  limit: number;
  /** The first characters are a family name: 曾 is rather zeng, 单 rather shan. */
  surname: boolean;
}

const MAX_UNITS = 32;
/** A run of Chinese characters, or a word of another script. */
const RUNS = /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}])+/gu;
const STARTS_WITH_HAN = /^\p{Script=Han}/u;
const PINYIN = { toneType: 'none', type: 'array', v: true } as const;
/** Readings of names that the dictionary does not have. */
const MORE_READINGS: Record<string, string> = {
  黑: 'he',
  费: 'bi',
  滑: 'gu',
  炔: 'gui',
  曳: 'yi',
  那: 'nuo',
  嗯: 'en',
};

/**
 * How a name is spoken as a whole, and from each of its units on: all combinations of its characters' readings, up to
 * a limit. Empty for a name without letters.
 */
export function spokenFrom(name: string, { limit, surname }: Options): Spoken[] {
  const spoken: Spoken[] = [];
  let sounds: Combination[] = [{ parts: [], cost: 0 }];
  let initials = sounds;
  // From the end: each unit is combined with what is left of the name after it.
  for (const { readings, begins } of unitsOf(name, surname).reverse()) {
    sounds = combine(readings, sounds, limit);
    initials = combine([...new Set(readings.map((reading) => [...reading][0]!))], initials, limit);
    spoken.unshift({
      sounds: sounds.map(({ parts }) => parts),
      initials: initials.map(({ parts }) => parts.join('')),
      begins,
    });
  }
  return spoken;
}

interface Combination {
  parts: string[];
  /** How far from the likeliest. */
  cost: number;
}

function combine(readings: string[], following: Combination[], limit: number): Combination[] {
  if (readings.length === 1)
    return following.map(({ parts, cost }) => ({ parts: [readings[0]!, ...parts], cost }));
  const all = readings.flatMap((reading, rank) =>
    following.map(({ parts, cost }) => ({ parts: [reading, ...parts], cost: cost + rank })),
  );
  return all.sort((a, b) => a.cost - b.cost).slice(0, limit);
}

function unitsOf(name: string, surname: boolean): Unit[] {
  const text = foldLetters(name);
  const units: Unit[] = [];
  let end = -1;
  for (const { 0: run, index } of text.matchAll(RUNS)) {
    const begins = index !== end;
    if (STARTS_WITH_HAN.test(run))
      units.push(...characterUnits(run, { begins, surname: surname && index === 0 }));
    else units.push({ readings: [run], begins });
    end = index + run.length;
    if (units.length >= MAX_UNITS) break;
  }
  return units.slice(0, MAX_UNITS);
}

/** First what a character is read as in its place, then whatever else it may be read as, in either of its forms. */
function characterUnits(run: string, { begins, surname }: { begins: boolean; surname: boolean }): Unit[] {
  const characters = [...run].slice(0, MAX_UNITS);
  const written = characters.map(simplify);
  const inPlace = pinyin(written.join(''), { ...PINYIN, surname: surname ? 'head' : 'off' });
  return characters.map((character, at) => {
    // A form of its own may be read as its simplified one is not: 乾 is qian, 干 is gan.
    const own = character === written[at] ? [] : readingsOf(character);
    const here = own.length === 1 ? own : inPlace.length === written.length ? [inPlace[at]!] : [];
    const readings = [...here, ...own, ...readingsOf(written[at]!)].filter(isSpoken);
    return {
      readings: readings.length > 0 ? [...new Set(readings)] : [written[at]!],
      begins: begins && at === 0,
    };
  });
}

const known = new Map<string, string[]>();

function readingsOf(character: string): string[] {
  let readings = known.get(character);
  if (!readings) {
    readings = [...(polyphonic(character, PINYIN)[0] ?? [])];
    const more = MORE_READINGS[character];
    if (more) readings.push(more);
    known.set(character, readings);
  }
  return readings;
}

/** The dictionary gives back what it does not know. */
function isSpoken(reading: string): boolean {
  return /^[a-z]+$/.test(reading);
}
