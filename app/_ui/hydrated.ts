import { useSyncExternalStore } from 'react';

const unchanging = () => () => undefined;

/** Whether React has taken the page over: before that, a button without a form does nothing when it is pressed. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    unchanging,
    () => true,
    () => false,
  );
}
