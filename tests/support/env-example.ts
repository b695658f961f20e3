import { readFileSync } from 'node:fs';
import type { Language } from '../../lib/i18n';

/** A setting as `.env.example` has it. */
export interface ExampleSetting {
  name: string;
  /** The value that it shows: the default of an optional setting. */
  value: string;
  isOptional: boolean;
  /** The heading that it stands under. */
  section: Record<Language, string>;
  /** The lines above it, each `Chinese · English`, joined to sentences. */
  meaning: Record<Language, string>;
  /** Those lines as they are. */
  comment: string[];
}

/**
 * The settings in `.env.example`, the one source of the settings pages. Above each setting stand one or more lines
 * `# 中文 · English`; above a group of settings a line `# ── 中文 · English ───`.
 */
export function exampleSettings(): ExampleSetting[] {
  const settings: ExampleSetting[] = [];
  let section = { 'zh-CN': '', en: '' };
  let comment: string[] = [];
  for (const line of readFileSync('.env.example', 'utf8').split('\n')) {
    const heading = /^# ──+ (.+?) ─+$/.exec(line);
    const [, hash, name, value = ''] = /^(# )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (heading) section = inBoth([heading[1] ?? '']);
    else if (name)
      settings.push({
        name,
        value,
        isOptional: hash !== undefined,
        section,
        comment,
        meaning: inBoth(comment),
      });
    comment = line.startsWith('# ') && !heading && !name ? [...comment, line.slice(2)] : [];
  }
  return settings;
}

function inBoth(lines: string[]): Record<Language, string> {
  const pairs = lines.map((line) => line.split(' · '));
  const sentences = (side: 0 | 1) => pairs.map((pair) => (pair[side] ?? '').trim().replace(/[。.]$/, ''));
  return { 'zh-CN': sentences(0).join('。'), en: sentences(1).join('. ') };
}
