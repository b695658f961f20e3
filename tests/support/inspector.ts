import { WebSocket } from 'ws';

/** Switches on Node's inspector, on any free port of loopback. */
export const INSPECTED = '--inspect=127.0.0.1:0';

/** What Node's inspector says of a process that was started with `INSPECTED`. */
export interface Inspector {
  /**
   * Collects garbage and counts what is left of some kinds.
   *
   * @param kinds expressions whose `prototype` the objects have
   */
  countLiving<Kind extends string>(kinds: Record<Kind, string>): Promise<Record<Kind, number>>;
  close(): void;
}

/** Connects to a process's inspector. @param output what the process has written so far */
export async function inspect(output: () => string): Promise<Inspector> {
  const address = /Debugger listening on (ws:\S+)/.exec(output())?.[1];
  if (!address) throw new Error(`the process is not inspected:\n${output()}`);
  const socket = new WebSocket(address, { maxPayload: 2 ** 30 });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map<number, (answer: { result?: unknown; error?: unknown }) => void>();
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data));
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  const send = async <T>(method: string, params: object = {}): Promise<T> => {
    const id = ++last;
    const answered = new Promise<{ result?: unknown; error?: unknown }>((resolve) =>
      waiting.set(id, resolve),
    );
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as T;
  };
  const idOf = async (expression: string) =>
    (await send<{ result: { objectId: string } }>('Runtime.evaluate', { expression, objectGroup: 'count' }))
      .result.objectId;

  async function count(kind: string): Promise<number> {
    const prototypeObjectId = await idOf(`${kind}.prototype`);
    const { objects } = await send<{ objects: { objectId: string } }>('Runtime.queryObjects', {
      prototypeObjectId,
      objectGroup: 'count',
    });
    const { result } = await send<{ result: { value: number } }>('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: 'function () { return this.length; }',
      returnByValue: true,
    });
    await send('Runtime.releaseObjectGroup', { objectGroup: 'count' });
    return result.value;
  }

  return {
    async countLiving(kinds) {
      const counts = {} as Record<keyof typeof kinds, number>;
      await send('HeapProfiler.collectGarbage');
      await send('HeapProfiler.collectGarbage');
      for (const [kind, expression] of Object.entries<string>(kinds))
        counts[kind as keyof typeof kinds] = await count(expression);
      return counts;
    },
    close: () => socket.terminate(),
  };
}
