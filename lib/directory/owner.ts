import 'server-only';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { processWide } from '../process-wide';

/** Who holds the right to sync: host, process, and a word that a later process of the same number does not know. */
export const thisOwner = processWide(
  'owner',
  () => `${hostname()} ${process.pid} ${randomBytes(6).toString('hex')}`,
);

/** Whether an owner is known to be gone, so that nobody need wait until its lease ends. Of other hosts we know nothing. */
export function isDeadOwner(owner: string): boolean {
  const [host, pid] = owner.split(' ');
  if (host !== hostname() || owner === thisOwner()) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
