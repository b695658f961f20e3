import 'server-only';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** `.env`: what is set is set in place, everything else stays as it is. */

const PRIVATE = 0o600;

/**
 * @param text of `.env`, or of `.env.example` where there is none yet
 * @param values an empty one is left alone
 */
export function withSettings(text: string, values: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [name, value] of Object.entries(values)) {
    if (value === '') continue;
    // A `$` would be taken for the name of another setting.
    const line = `${name}=${value.replaceAll('$', '\\$')}`;
    // One that is set wins over an example in a comment, wherever that stands.
    const places = [new RegExp(`^${name}=.*$`, 'gm'), new RegExp(`^# ${name}=.*$`, 'm')];
    const place = places.find((one) => result.search(one) >= 0);
    result = place ? result.replace(place, () => line) : `${result.replace(/\n*$/, '\n')}${line}\n`;
  }
  return result.replace(/^\n+/, '');
}

/** Writes the settings into `.env` of this folder, for its owner only, at once or not at all. */
export function writeEnvFile(values: Readonly<Record<string, string>>, path = '.env'): void {
  const from = [path, `${path}.example`].find((file) => existsSync(file));
  const text = withSettings(from === undefined ? '' : readFileSync(from, 'utf8'), values);
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, text, { mode: PRIVATE });
  renameSync(unfinished, path);
}
