import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { config } from '../config';
import { dingTalkClient } from '../dingtalk-client';
import type { Missing, SyncProgress } from '../directory/mirror-state';
import type { StoredRun } from '../directory/sync/run';
import { syncStore } from '../directory/sync/run-store';
import { sync } from '../directory/sync/sync';
import { openDatabases } from '../storage/databases';
import { fail, runCommand, say } from './command';

/** `npm run sync`: reads the staff directory now, and shows how far it is. */

const EXIT = { complete: 0, failed: 1, partial: 2, shrunk: 1, running: 1 } as const;
const USAGE = 'npm run sync -- [--accept-shrink]';
const BAR = 30;
/** Where no terminal shows a bar, a line is enough from time to time. */
const LINE_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 500;

async function main(words: string[]): Promise<number> {
  const unknown = words.filter((word) => word !== '--accept-shrink');
  if (unknown.length > 0) return fail(`用法 · usage: ${USAGE}`);
  config();
  await openDatabases();
  const run = await syncOrFollow(words.includes('--accept-shrink'));
  if (!run) return EXIT.failed;
  for (const line of summary(run)) say(line);
  return EXIT[run.state];
}

async function syncOrFollow(acceptShrink: boolean): Promise<StoredRun | undefined> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { signal } = stop;
  const show = createDisplay();
  const store = syncStore();
  const { callsPerSecond } = config().directory;
  try {
    const outcome = await sync({
      store,
      client: dingTalkClient(),
      startedBy: 'command',
      acceptShrink,
      pace: { callsPerSecond },
      onProgress: show.progress,
      signal,
    });
    show.end();
    return outcome.kind === 'ran' ? outcome.run : await follow(signal);
  } catch (error) {
    show.end();
    if (!signal.aborted) throw error;
    fail('已停止；下次从中断处继续 · Stopped; the next run goes on from here');
    return undefined;
  }
}

/** Another process is at it: shows its progress until it has ended. */
async function follow(signal: AbortSignal): Promise<StoredRun | undefined> {
  say('另一个进程正在同步，以下是它的进度 · Another process is reading the directory; this is its progress');
  const show = createDisplay();
  const store = syncStore();
  while (!signal.aborted) {
    const [run] = await store.runs(1);
    if (run && run.state !== 'running') {
      show.end();
      return run;
    }
    if (!(await store.isLeased())) break;
    if (run?.progress) show.progress(run.progress as SyncProgress);
    await delay(LOOK_EVERY_MS);
  }
  show.end();
  fail('那个进程没有完成同步，请再执行一次 · That process ended before it was done; please run this again');
  return undefined;
}

function createDisplay(): { progress(progress: SyncProgress): void; end(): void } {
  const terminal = process.stdout.isTTY;
  let lastAt = 0;
  let drawn = false;
  return {
    progress(progress) {
      const now = performance.now();
      if (!terminal && now - lastAt < LINE_EVERY_MS) return;
      lastAt = now;
      drawn = true;
      process.stdout.write(terminal ? `\r\x1b[K${barOf(progress)}` : `${barOf(progress)}\n`);
    },
    end() {
      if (terminal && drawn) process.stdout.write('\n');
      drawn = false;
    },
  };
}

const PHASES = { reading: '读取 reading', checking: '核对 checking', publishing: '发布 publishing' };

function barOf({ phase, done, total, ...progress }: SyncProgress): string {
  const share = total === 0 ? 0 : done / total;
  const filled = Math.round(share * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  const parts = [
    `${PHASES[phase]} ${bar} ${done}/${total}`,
    `${progress.people} 人 people`,
    `${progress.ratePerSecond}/s`,
    `剩余 left ${progress.remainingSeconds ?? '?'} s`,
    ...(progress.failures > 0 ? [`失败 failed ${progress.failures}`] : []),
  ];
  return parts.join(' · ');
}

const STATES = {
  complete: '完整 · Complete',
  partial:
    '不完整：有内容没能读到，没有删除任何人 · Partial: something could not be read, and nobody was removed',
  failed: '失败：什么也没有改变 · Failed: nothing was changed',
  shrunk:
    '人数减少超过 20%，未采用；确认无误后加 --accept-shrink 再执行 · More than 20 % of the people are gone: not taken over. If that is right, run it again with --accept-shrink',
  running: '未完成 · Not finished',
} as const;

function summary(run: StoredRun): string[] {
  const seconds = Math.round(((run.endedAt ?? Date.now()) - run.startedAt) / 1000);
  const change = `+${run.added} ~${run.changed} −${run.removed}`;
  return [
    STATES[run.state],
    `${run.people} 人 people · ${run.departments} 部门 departments · ${change} · ${run.calls} 次调用 calls · ${seconds} s`,
    ...run.skipped.map(({ id, name, why }) => `  跳过 skipped: ${name} (${id}, ${why})`),
    ...run.missing.slice(0, 50).map((missing) => `  缺少 missing: ${describe(missing)}`),
    ...(run.missing.length > 50 ? [`  … ${run.missing.length - 50}`] : []),
  ];
}

function describe({ what, problem, departmentName, departmentId, userId, ...missing }: Missing): string {
  const where = departmentName ?? departmentId ?? userId ?? missing.roleName;
  const { dingTalkCode, proxy, requiredScopes, applyUrl } = missing;
  const reason = [problem, dingTalkCode ?? missing.reason, proxy, requiredScopes?.join(' '), applyUrl];
  return `${what}${where === undefined ? '' : ` ${where}`}: ${reason.filter(Boolean).join(' · ')}`;
}

await runCommand(main);
