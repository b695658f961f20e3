import 'server-only';
import { AccessFileError, openRules } from '../auth/access/rules';
import { flushRefusals, watchSessions } from '../auth/refusals';
import { checkSignIn } from '../auth/sign-in-health';
import { BrandFileError, brand } from '../brand';
import { ConfigError, config } from '../config';
import { startDirectory } from '../directory/sync/schedule';
import { startDoctor } from '../doctor/app-report';
import { closeEvents, startEvents } from '../events/intake';
import { startLeavers } from '../events/leavers';
import { startRecheck } from '../events/recheck';
import { type ConnectionOptions, watchConnections } from '../http/request-hooks';
import { whileUnavailable } from '../http/unavailable';
import { lifecycle } from '../lifecycle';
import { guardOutput, log, withoutSecrets } from '../log';
import { startNotices } from '../notices/notices';
import { noteKeys } from '../session/key-ages';
import { isGuessable } from '../session/key-strength';
import { sessions } from '../session/sessions';
import { closeAudit } from '../storage/audit-log';
import { DatabaseOwnerError } from '../storage/database-owner';
import { closeDatabases, FormerDatabaseError, openDatabases, recordsDatabase } from '../storage/databases';
import { explainUnavailable } from '../storage/unavailable';

/** Checks the settings once, ends the process if they are wrong, then starts the background work. */
export async function boot(connections: ConnectionOptions): Promise<void> {
  try {
    config();
    brand();
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof BrandFileError)) throw error;
    refuse(error.message);
  }
  if (!connections.hasWebSockets) refuseOtherStart();
  guardOutput();
  warnOfWeakKeys();
  warnOfColour();
  watchSessions();
  watchConnections(connections);
  await openRecords();
  // The first sign-in should not wait for the app token, and the operator should see at once what is missing.
  void checkSignIn();
  startDirectory();
  startLeavers();
  startRecheck();
  startEvents();
  startNotices();
  startDoctor();
  stopCleanly();
}

/** `next start` listens before anything here has run: the first requests would reach Next uncleaned, its signals not us. */
function refuseOtherStart(): void {
  if (!lifecycle().isManaged)
    refuse('请用 npm start（node start.mjs）启动 · Start it with npm start (node start.mjs)');
}

/** What is still in memory is written down before the process ends, and the database is left as one complete file. */
function stopCleanly(): void {
  const state = lifecycle();
  state.settle = async () => {
    flushRefusals();
    await Promise.allSettled([closeEvents(), closeAudit(), sessions().flushSeen()]);
  };
  if (!state.isManaged) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        state.draining = true;
        void state.settle();
      });
    }
  }
  process.once('exit', () => void closeDatabases());
}

/** Each cookie allows guesses at its key offline. */
function warnOfWeakKeys(): void {
  const weak = [...config().sessionKeys].filter(([, secret]) => isGuessable(secret)).map(([keyId]) => keyId);
  if (weak.length > 0) log().warn({ event: 'weak-session-keys', keyIds: weak, remedy: 'npm run keys' });
}

/** Readable it is, whatever it is; mistaken for something else it can be. */
function warnOfColour(): void {
  const { warnings } = brand();
  if (warnings.length > 0)
    log().warn({ event: 'brand-colour', warnings, remedy: 'BRAND_FILE: choose another color' });
}

/** Without a database, leavers cannot be told from members: then the process does not start. */
async function openRecords(): Promise<void> {
  try {
    await openDatabases();
    explainUnavailable(whileUnavailable);
    sessions();
    await openRules();
    await noteKeys(recordsDatabase(), [...config().sessionKeys.keys()]);
  } catch (error) {
    const isExplained = [DatabaseOwnerError, FormerDatabaseError, AccessFileError].some(
      (kind) => error instanceof kind,
    );
    const { message } = error as Error;
    if (isExplained) refuse(message);
    const where = config().database ? 'DATABASE_URL' : 'DATA_DIR';
    refuse(
      withoutSecrets(
        `dingpass cannot start: the database in ${where} cannot be opened (${message}).\ndingpass 无法启动：打不开 ${where} 中的数据库。`,
      ),
    );
  }
}

function refuse(message: string): never {
  process.stderr.write(`\n${message}\n\n`);
  process.exit(1);
}
