/** Next calls this once when a server starts. It also builds it for its edge runtime, where nothing of ours can run. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { boot } = await import('./lib/boot');
    boot();
  }
}
