import { createHash } from 'node:crypto';
import type { Clock } from './clock';
import type { Json } from './json';

const MOST_A_DAY = 500;
const MOST_A_MINUTE = 5000;
const RESULT_LIFE_MS = 86_400_000;

/** A message on its way to people. */
export interface NoticeTask {
  id: number;
  sentAt: number;
  message: Record<string, Json>;
  /** Who gets it, and whether they have looked at it. */
  receivers: Map<string, 'unread' | 'read'>;
  refused: Map<string, string>;
  invalid: string[];
  isRecalled: boolean;
}

/** A notice as it lies in a person's list. */
export interface Notice {
  taskId: number;
  at: number;
  title: string;
  text: string;
  /** What opens it on a phone, and on a computer. */
  url: string | undefined;
  pcUrl: string | undefined;
  isRead: boolean;
}

export type NoticeStore = ReturnType<typeof createNoticeStore>;

/** Work notifications: who got which, and who was left out without a word. */
export function createNoticeStore(clock: Clock) {
  const tasks = new Map<number, NoticeTask>();
  const limits = createLimits(clock);
  let lastId = 256_271_667_000;

  return {
    send(message: Record<string, Json>, to: { members: readonly string[]; invalid: string[] }): NoticeTask {
      const digest = createHash('sha256').update(JSON.stringify(message)).digest('base64');
      lastId += 1;
      const task: NoticeTask = {
        id: lastId,
        sentAt: clock.now(),
        message,
        receivers: new Map(),
        refused: new Map(),
        invalid: to.invalid,
        isRecalled: false,
      };
      for (const userid of to.members) {
        const code = limits.refusalOf(userid, digest);
        if (code === undefined) task.receivers.set(userid, 'unread');
        else task.refused.set(userid, code);
      }
      tasks.set(task.id, task);
      return task;
    },
    /** Undefined: unknown, or too long ago. */
    task(id: number): NoticeTask | undefined {
      const task = tasks.get(id);
      return task && clock.now() - task.sentAt <= RESULT_LIFE_MS ? task : undefined;
    },
    /** What lies in a person's list, newest first. */
    of(userid: string): Notice[] {
      return [...tasks.values()]
        .filter(({ receivers, isRecalled }) => receivers.has(userid) && !isRecalled)
        .map((task) => ({
          taskId: task.id,
          at: task.sentAt,
          isRead: task.receivers.get(userid) === 'read',
          ...shownOf(task.message),
        }))
        .reverse();
    },
    read(userid: string, taskId: number): boolean {
      const task = tasks.get(taskId);
      if (!task?.receivers.has(userid) || task.isRecalled) return false;
      task.receivers.set(userid, 'read');
      return true;
    },
    /** How many notices each person got, recalled ones included. */
    delivered(): Record<string, number> {
      const counts: Record<string, number> = {};
      for (const { receivers } of tasks.values())
        for (const userid of receivers.keys()) counts[userid] = (counts[userid] ?? 0) + 1;
      return counts;
    },
    reset(): void {
      tasks.clear();
      limits.reset();
    },
  };
}

/** DingTalk's limits: a content once a day for a person, so many a day, and so many people a minute. */
function createLimits(clock: Clock) {
  /** By day and person: the contents that they got. */
  const got = new Map<string, Set<string>>();
  let minute = { at: 0, reached: 0 };

  return {
    /** Why a person gets nothing, by the code of the result; undefined: they get it. */
    refusalOf(userid: string, digest: string): string | undefined {
      const key = `${beijingDay(clock.now())} ${userid}`;
      const contents = got.get(key) ?? new Set();
      got.set(key, contents);
      if (contents.has(digest)) return '143106';
      if (contents.size >= MOST_A_DAY) return '143105';
      const at = Math.floor(clock.now() / 60_000);
      if (minute.at !== at) minute = { at, reached: 0 };
      if (minute.reached >= MOST_A_MINUTE) return '143103';
      minute.reached += 1;
      contents.add(digest);
      return undefined;
    },
    reset(): void {
      got.clear();
      minute = { at: 0, reached: 0 };
    },
  };
}

function beijingDay(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** Title, text and addresses, whatever the kind of message. */
function shownOf(message: Record<string, Json>): Pick<Notice, 'title' | 'text' | 'url' | 'pcUrl'> {
  const kind = String(message.msgtype);
  const part = fieldsOf(message[kind]);
  const body = fieldsOf(part.body);
  const text = (...names: string[]) =>
    names.map((name) => part[name] ?? body[name]).find((value) => typeof value === 'string') as
      | string
      | undefined;
  return {
    title: text('title') ?? kind,
    text: text('content', 'text', 'markdown') ?? '',
    url: text('message_url', 'messageUrl', 'single_url'),
    pcUrl: text('pc_message_url', 'message_url', 'messageUrl', 'single_url'),
  };
}

function fieldsOf(value: Json): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
