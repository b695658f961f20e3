import 'server-only';
import { directoryStore } from './directory/libsql-store';
import { log } from './log';
import { revocations } from './revocation/revocations';

const LOOK_EVERY_MS = 1000;
const AT_ONCE = 500;

/** Ends the sessions of those whom the directory no longer finds: found here or in another process, now or before a crash. */
export function startLeavers(): { close(): void } {
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      for (;;) {
        const userIds = await directoryStore().leavers(AT_ONCE);
        if (userIds.length === 0) break;
        await revocations().endLive(userIds, { reason: 'directory', by: 'directory' });
        await directoryStore().settleLeavers(userIds);
      }
    } catch (error) {
      log().error({ event: 'leavers', err: error });
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
