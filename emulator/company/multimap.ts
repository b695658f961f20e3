/** Adds to the list of a key; a value without a key is in no list. */
export function append<K, V>(map: Map<K, V[]>, key: K | undefined, value: V): void {
  if (key === undefined) return;
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Takes a value out of a list, in place. */
export function discard<T>(list: T[] | undefined, value: T): void {
  const at = list?.indexOf(value) ?? -1;
  if (at >= 0) list?.splice(at, 1);
}
