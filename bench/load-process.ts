import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A load generator in a process of its own: measured in the server's, it would slow down what it measures. */
export interface LoadProcess<Load, Result> {
  run(load: Load): Promise<Result>;
  close(): void;
}

/** @param file with a `serveLoads()` */
export function startLoadGenerator<Load extends object, Result>(file: string): LoadProcess<Load, Result> {
  const child = fork(file, ['--serve'], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the load process ended')));
  ended.catch(() => {});
  return {
    run: async (load) => {
      child.send(load);
      const [result] = await Promise.race([once(child, 'message'), ended]);
      return result as Result;
    },
    close: () => child.disconnect(),
  };
}

/** In the file of a generator: does nothing where it is only imported. */
export function serveLoads<Load, Result>(run: (load: Load) => Promise<Result>): void {
  if (process.argv[2] === '--serve')
    process.on('message', async (load: Load) => process.send?.(await run(load)));
}
