import 'server-only';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { AppError } from '../errors';
import { TARGET_HEADER } from './internal-headers';
import { safeReturnTo } from './return-to';

/** The address that answers 503, which a page itself cannot. @param next where it leads back to */
export function unavailableAddress(next: string): string {
  return `/unavailable?${new URLSearchParams({ next })}`;
}

/**
 * What is thrown in place of an error of the database that is away: in a page the redirect to the address that answers
 * 503, elsewhere the error that is answered with it.
 */
export async function whileUnavailable(error: unknown): Promise<unknown> {
  const target = await pageTarget();
  if (target === null) return new AppError('sessions-unknown', {}, { cause: error });
  try {
    redirect(unavailableAddress(safeReturnTo(target)) as '/');
  } catch (redirection) {
    return redirection;
  }
}

/** Path and query of the page that is being rendered; null in a handler, and where there is no request. */
async function pageTarget(): Promise<string | null> {
  try {
    return (await headers()).get(TARGET_HEADER);
  } catch {
    return null;
  }
}
