import 'server-only';
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { singleton } from '../../singleton';

/** Who holds the right to sync: host, the space its process number is of, that number, and a word that no later one knows. */
export const thisOwner = singleton(
  'owner',
  () => `${hostname()} ${processSpace() ?? '-'} ${process.pid} ${randomBytes(6).toString('hex')}`,
);

/**
 * Whether an owner is known to be gone, so that nobody need wait until its lease ends. Of other hosts we know nothing,
 * nor of other containers, which may have our name and numbers of their own.
 */
export function isDeadOwner(owner: string): boolean {
  const space = processSpace();
  const [host, itsSpace, pid] = owner.split(' ');
  if (host !== hostname() || space === undefined || itsSpace !== space || owner === thisOwner()) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Within which a process number means one process; undefined where the system does not tell. */
function processSpace(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}
