import 'server-only';
import { ConfigError, config } from './config';
import { watchConnections } from './connections';
import { guardOutput, log } from './log';
import { platform } from './platform';

/** Checks the settings once, ends the process if they are wrong, then starts the background work. */
export function boot(): void {
  try {
    config();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`\n${error.message}\n\n`);
    process.exit(1);
  }
  guardOutput();
  watchConnections();
  // The first person should not wait for the app token. When it fails, readiness says so, and sign-ins try again.
  platform()
    .warm()
    .catch((error: unknown) => log().warn({ event: 'warm-up', err: error }));
}
