const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether a zone of this name exists. */
export function isZone(name: string): boolean {
  try {
    return name.includes('/') || name === 'UTC'
      ? Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
      : false;
  } catch {
    return false;
  }
}

/** Date and time of day that clocks in a zone show, as `yyyy-MM-ddTHH:mm:ss`. @param at Unix time in ms */
export function clockIn(zone: string, at: number): string {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(zone, format);
  }
  return format.format(at).replace(' ', 'T');
}

/**
 * When the clocks in a zone show a time. Of two such moments the first; a time that they skip counts from before the
 * change.
 */
export function momentIn(zone: string, clock: string): number {
  const wanted = Date.parse(`${clock}Z`);
  const aheadAt = (at: number) => Date.parse(`${clockIn(zone, at)}Z`) - at;
  const candidates = [aheadAt(wanted - DAY_MS), aheadAt(wanted + DAY_MS)].map((ahead) => wanted - ahead);
  const right = candidates.filter((at) => clockIn(zone, at) === new Date(wanted).toISOString().slice(0, 19));
  return right.length > 0 ? Math.min(...right) : candidates[0]!;
}

/** A day so many days later. @param day `yyyy-MM-dd` */
export function later(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
