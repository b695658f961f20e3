import { once } from 'node:events';
import { createClient } from '../../lib/dingtalk/client';
import { createSyncStore } from '../../lib/directory/sync/run-store';
import { sync } from '../../lib/directory/sync/sync';
import { openDirectory } from './directory-file';

/** A process that syncs once, when it is told to: `file url clientId clientSecret callsPerSecond`. It says how that ended. */
const [file = '', url = '', clientId = '', clientSecret = '', callsPerSecond = '1000'] =
  process.argv.slice(2);
const db = await openDirectory(file);
const store = createSyncStore(() => db);
const client = createClient({ clientId, clientSecret, apiUrl: url, oapiUrl: url });
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const outcome = await sync({
  store,
  client,
  startedBy: 'command',
  pace: { callsPerSecond: Number(callsPerSecond) },
  // Short, because it may be killed: another one goes on when it has passed.
  leaseMs: 1500,
});
process.stdout.write(`${outcome.kind === 'ran' ? outcome.run.state : outcome.kind}\n`);
process.exit(0);
