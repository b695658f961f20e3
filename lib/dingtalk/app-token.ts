import { z } from 'zod';
import { DingTalkError } from './errors';
import type { DingTalkRequest } from './request';
import { createExpiring } from './token-cache';

const RENEW_FOR_PERMISSION_MS = 60_000;

export interface AppToken {
  /** Waits no longer than the budget of `request`; the fetch, which all callers share, goes on. */
  get(request?: DingTalkRequest<unknown>): Promise<string>;
  /** Drops `token` if a new one may be answered otherwise. @returns whether the call is worth repeating */
  renewAfter(error: DingTalkError, request: DingTalkRequest<unknown>, token: string): boolean;
}

/**
 * The token that stands for the app, fetched once for all callers and renewed ahead of time.
 *
 * @param options.call sends the request for a token
 * @param options.onToken told every token that is learned
 */
export function createAppToken(options: {
  credentials: { clientId: string; clientSecret: string };
  call<T>(request: DingTalkRequest<T>): Promise<T>;
  onToken?: ((token: string) => void) | undefined;
}): AppToken {
  const { clientId, clientSecret } = options.credentials;
  let renewedForPermissionAt = Number.NEGATIVE_INFINITY;

  const current = createExpiring({
    // Without the signal of the first caller: the others wait for the same answer.
    fetchValue: async () => {
      const { accessToken, expireIn } = await options.call({
        host: 'api',
        method: 'POST',
        path: '/v1.0/oauth2/accessToken',
        body: { appKey: clientId, appSecret: clientSecret },
        schema: z.object({ accessToken: z.string().min(1), expireIn: z.coerce.number().positive() }),
        token: 'none',
        repeatable: true,
      });
      options.onToken?.(accessToken);
      return { value: accessToken, ttlSeconds: expireIn };
    },
    // Wrong credentials are not mended between two sign-ins, and a throttled app has to call less.
    holdFailureMs: (error) => {
      if (!(error instanceof DingTalkError)) return 0;
      if (error.isThrottled) return 1000;
      return error.isTransient ? 0 : 5000;
    },
  });

  /**
   * A token that was issued before a permission was granted may lack it. Where the permission is really missing, each
   * call would cost a token: hence once a minute.
   */
  function mayBeOutdated(error: DingTalkError, request: DingTalkRequest<unknown>): boolean {
    if (error.isTokenRefused) return true;
    if (!error.isPermissionMissing || !request.repeatable) return false;
    const now = performance.now();
    if (now - renewedForPermissionAt < RENEW_FOR_PERMISSION_MS) return false;
    renewedForPermissionAt = now;
    return true;
  }

  return {
    get: (request) => beforeDeadline(current.get(), request),
    renewAfter(error, request, token) {
      const isOutdated = mayBeOutdated(error, request);
      if (isOutdated) current.drop(token);
      return isOutdated;
    },
  };
}

async function beforeDeadline<T>(promise: Promise<T>, request?: DingTalkRequest<unknown>): Promise<T> {
  const signal = request?.budget?.signal;
  if (!signal) return promise;
  let onAbort: () => void = () => undefined;
  const deadline = new Promise<never>((_, reject) => {
    onAbort = () =>
      reject(
        new DingTalkError('unreachable', { api: request.path, code: 'out-of-time', mayHaveHadEffect: false }),
      );
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
    deadline.catch(() => undefined);
  }
}
