import 'server-only';

/** Waits for a promise, but not for longer than this. It goes on by itself. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, enough]).finally(() => clearTimeout(timer));
}
