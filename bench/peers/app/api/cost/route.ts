export const dynamic = 'force-dynamic';

/** Processor time that this server has used so far, in microseconds. */
export function GET(): Response {
  const { user, system } = process.cpuUsage();
  return Response.json({ cpuMicroseconds: user + system });
}
