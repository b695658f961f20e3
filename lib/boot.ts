import 'server-only';
import { closeAudit } from './audit/recorder';
import { ConfigError, config } from './config';
import { type ConnectionOptions, watchConnections } from './connections';
import { startDirectory } from './directory/schedule';
import { closeEvents, startEvents } from './directory-events';
import { isGuessable } from './key-strength';
import { startLeavers } from './leavers';
import { guardOutput, log } from './log';
import { platform } from './platform';
import { revocations } from './revocation/revocations';

/** Checks the settings once, ends the process if they are wrong, then starts the background work. */
export function boot(connections: ConnectionOptions): void {
  try {
    config();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`\n${error.message}\n\n`);
    process.exit(1);
  }
  guardOutput();
  warnOfWeakKeys();
  watchConnections(connections);
  openRecords();
  // The first person should not wait for the app token. When it fails, readiness says so, and sign-ins try again.
  platform()
    .warm()
    .catch((error: unknown) => log().warn({ event: 'warm-up', err: error }));
  startDirectory();
  startLeavers();
  startEvents();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void settle());
}

/** A cookie gives whoever has it something to try guesses on, without ever asking us. */
function warnOfWeakKeys(): void {
  const weak = [...config().sessionKeys].filter(([, secret]) => isGuessable(secret)).map(([keyId]) => keyId);
  if (weak.length > 0) log().warn({ event: 'weak-session-keys', keyIds: weak, remedy: 'npm run keys' });
}

/** What is still in memory is written down; Next itself ends the process. */
async function settle(): Promise<void> {
  await Promise.allSettled([closeEvents(), closeAudit(), revocations().flushSeen()]);
}

/** Without a database nobody could be told from a leaver: then it is better not to start. */
function openRecords(): void {
  try {
    revocations();
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(
      `\ndingpass cannot start: the database in DATA_DIR cannot be opened (${message}).\n`,
    );
    process.stderr.write(`dingpass 无法启动：打不开 DATA_DIR 中的数据库。\n\n`);
    process.exit(1);
  }
}
