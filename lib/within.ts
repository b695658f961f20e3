import 'server-only';

/**
 * What a promise resolves to, or after so many milliseconds what `late` returns or throws. The promise goes on by itself.
 */
export async function within<T, L = undefined>(
  promise: Promise<T>,
  milliseconds: number,
  late: () => L = () => undefined as L,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, milliseconds, 'late').unref();
  });
  const value = await Promise.race([promise.then((result) => ({ result })), limit]).finally(() =>
    clearTimeout(timer),
  );
  return value === 'late' ? late() : value.result;
}
