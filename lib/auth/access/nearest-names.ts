import 'server-only';

const MAX_NAMES = 3;
/** Longer ones would take milliseconds each among ten thousand. */
const MAX_LENGTH = 64;

/** The names that look most like one that does not exist, nearest first; none where none is near. */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  const wanted = name.slice(0, MAX_LENGTH).toLowerCase();
  const bound = Math.max(1, Math.ceil(wanted.length * 0.4));
  const near: { name: string; distance: number }[] = [];
  for (const candidate of names) {
    const other = candidate.slice(0, MAX_LENGTH).toLowerCase();
    const isPart =
      wanted.length > 1 && other.length > 1 && (other.includes(wanted) || wanted.includes(other));
    if (!isPart && Math.abs(other.length - wanted.length) > bound) continue;
    const distance = isPart ? 0.5 : distanceOf(wanted, other);
    if (distance <= bound) near.push({ name: candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, MAX_NAMES).map((one) => one.name);
}

/** How many characters have to be changed, added or left out (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const cost = one[at - 1] === other[to - 1] ? 0 : 1;
      next.push(Math.min(row[to]! + 1, next[to - 1]! + 1, row[to - 1]! + cost));
    }
    row = next;
  }
  return row[other.length]!;
}
