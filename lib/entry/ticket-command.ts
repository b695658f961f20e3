import 'server-only';
import { mayBreakGlass } from '../auth/break-glass';
import { tickets } from '../auth/tickets';
import { config } from '../config';
import { closeAudit, record } from '../storage/audit-log';
import { closeDatabases, openDatabases } from '../storage/databases';
import { fail, runCommand, say } from './command';

const USAGE = '用法 · usage: npm run ticket -- --admin <userid>';

/**
 * `npm run ticket -- --admin <userid>`: a link that signs an administrator in while DingTalk cannot: good for ten minutes,
 * once, after a press.
 */
await runCommand(async ([flag, userId, ...more]) => {
  if (flag !== '--admin' || !userId || more.length > 0) return fail(USAGE);
  const { breakGlass, publicUrl } = config();
  if (!breakGlass) return fail('未启用：请设置 BREAK_GLASS=on · This is off: set BREAK_GLASS=on');
  await openDatabases();
  try {
    if (!(await mayBreakGlass(userId)))
      return fail(
        `${userId}：不是在职的管理员（通讯录或 ADMIN_USER_IDS）· is no active administrator (directory or ADMIN_USER_IDS)`,
      );
    const ticket = await tickets().issue({ purpose: 'break-glass', userId, host: '' });
    record({ event: 'ticket-issued', userId, by: 'command', detail: 'break-glass' });
    await closeAudit();
    say(`\n${publicUrl}/ticket?${new URLSearchParams({ ticket })}\n`);
    say('十分钟内有效，只能使用一次。请只交给本人。');
    say('Valid for ten minutes and for one use. Give it to this administrator only.');
    return 0;
  } finally {
    await closeDatabases();
  }
});
