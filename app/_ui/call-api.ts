import { withBasePath, withoutBasePath } from '@/lib/base-path';

/** What an endpoint of ours refused: its message is for the person. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

/**
 * Calls an endpoint of ours from a client component, with JSON. Where the session has ended, or the sign-in is too old,
 * the person is led to the sign-in page and back here: then the promise stays open, because this page is left.
 *
 * @param body makes it a POST
 * @throws ApiError
 */
export async function callApi(path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(
    withBasePath(path),
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  if (response.ok) return response.status === 204 ? undefined : response.json();
  const { error } = await response.json().catch(() => ({ error: undefined }));
  if (response.status === 401) {
    const query = new URLSearchParams({
      next: (withoutBasePath(location.pathname) ?? '/') + location.search,
    });
    // The session stands, but is too old: without this the sign-in page would lead straight back.
    if (error?.code === 'SIGN_IN_AGAIN') query.set('within', '1');
    location.assign(withBasePath(`/login?${query}`));
    return new Promise(() => undefined);
  }
  throw new ApiError(error?.code ?? 'INTERNAL', error?.message ?? response.statusText);
}
