import { config } from '../../lib/config';
import { startStream } from '../../lib/dingtalk/stream/stream';
import { exchangeCode, getMember } from '../../lib/dingtalk/users';
import { dingTalkClient, proxyFor } from '../../lib/dingtalk-client';
import { createSyncStore } from '../../lib/directory/sync/run-store';
import { sync } from '../../lib/directory/sync/sync';
import { openDirectory } from './directory-file';

/** A process with the settings of its environment: it signs somebody in with a code, syncs, and waits for one event. */
const [code = ''] = process.argv.slice(2);
const say = (...words: unknown[]) => process.stdout.write(`${words.join(' ')}\n`);

await dingTalkClient().warm();
const { userId } = await exchangeCode(dingTalkClient(), code);
say('sign-in', (await getMember(dingTalkClient(), userId)).userId);

const db = await openDirectory();
const store = createSyncStore(() => db);
const outcome = await sync({
  store,
  client: dingTalkClient(),
  startedBy: 'command',
  pace: { callsPerSecond: 1000 },
});
say('sync', outcome.kind === 'ran' ? outcome.run.state : outcome.kind);

const stream = startStream({
  client: dingTalkClient(),
  apiUrl: config().apiUrl,
  proxyFor: proxyFor(),
  log: ({ event, reason }) => say(event, reason ?? ''),
  onEvent: async ({ type }) => {
    say('event', type);
    setImmediate(() => void stream.close().then(() => process.exit(0)));
  },
});
