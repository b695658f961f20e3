/** A value that can be written as JSON. A bigint is written as a bare number, however long: DingTalk does that. */
export type Json = string | number | bigint | boolean | null | undefined | Json[] | { [key: string]: Json };

/** Like `JSON.stringify`, but bigints become numbers with all their digits. */
export function toJson(value: Json): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => toJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${toJson(field)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
