import 'server-only';
import type { Task, TaskKind } from './run';

/** Tasks of one kind that are under way at once; the rate of calls is limited by the client. */
const MAX_ACTIVE_OF_A_KIND = 8;

/** Tasks that wait, one queue for each kind, and how many are under way. */
export function createTaskQueues() {
  const waiting = new Map<TaskKind, Task[]>();
  const active = new Map<TaskKind, number>();

  function queueOf(kind: TaskKind): Task[] {
    const queue = waiting.get(kind) ?? [];
    waiting.set(kind, queue);
    return queue;
  }

  return {
    add: (task: Task) => void queueOf(task.kind).push(task),
    addFirst: (task: Task) => void queueOf(task.kind).unshift(task),
    /**
     * Takes the tasks that may begin now; each counts as under way until it is given to `end`.
     *
     * @param isClosed tasks of these kinds are dropped
     */
    take(isClosed: (kind: TaskKind) => boolean): Task[] {
      const taken: Task[] = [];
      for (const [kind, queue] of waiting) {
        if (isClosed(kind)) queue.length = 0;
        const tasks = queue.splice(0, Math.max(0, MAX_ACTIVE_OF_A_KIND - (active.get(kind) ?? 0)));
        active.set(kind, (active.get(kind) ?? 0) + tasks.length);
        taken.push(...tasks);
      }
      return taken;
    },
    end({ kind }: Task): void {
      active.set(kind, active.get(kind)! - 1);
    },
    waiting: () => [...waiting.values()],
    activeCount: () => [...active.values()].reduce((sum, count) => sum + count, 0),
  };
}
