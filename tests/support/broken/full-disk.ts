import type * as fileSystem from 'node:fs';

/** Folders whose file system is full, as the functions of `node:fs` tell it: a real one needs the right to mount. */

export const NEARLY_FULL = 'dingpass-nearly-full-';
export const FULL = 'dingpass-full-';

/** For `vi.mock('node:fs')`. */
export function withFullDisks(real: typeof fileSystem): typeof fileSystem {
  const statfsSync = (path: string) => {
    const answer = real.statfsSync(path);
    return path.includes(NEARLY_FULL) ? { ...answer, bavail: 100, bsize: 1024 * 1024 } : answer;
  };
  const writeFileSync = (path: string, ...more: [string]) => {
    if (String(path).includes(FULL)) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    real.writeFileSync(path, ...more);
  };
  return { ...real, statfsSync, writeFileSync } as typeof fileSystem;
}
