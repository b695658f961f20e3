import type { Instrumentation } from 'next';

/** Next calls this once when a server starts. It also builds it for its edge runtime, where nothing of ours can run. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { boot } = await import('./lib/entry/boot');
    await boot({ hasWebSockets: process.env.NODE_ENV === 'development' });
    const { startGate } = await import('./gate/server');
    await startGate();
    const { startMonitoring } = await import('./lib/entry/monitoring');
    await startMonitoring();
  }
}

/** Next calls this for each page or route that threw: one line, under the id that the person is shown. */
export const onRequestError: Instrumentation.onRequestError = async (error, request) => {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { logPageFailure } = await import('./lib/log');
    logPageFailure(error, request.path);
  }
};
