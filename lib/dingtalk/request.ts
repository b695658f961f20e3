import type { z } from 'zod';

/** What several calls share, such as those of one sign-in: a deadline, and a count. */
export interface RequestBudget {
  signal?: AbortSignal;
  /** Calls sent so far, repeated ones included. */
  calls: number;
  /** The caller repeats calls at its own pace: here each is sent once. @see paced-client.ts */
  paced?: boolean;
}

export interface DingTalkRequest<T> {
  /** `api`: the new dialect, token in a header. `oapi`: the legacy one, token in the query. */
  host: 'api' | 'oapi';
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Shape of the useful part: the bare object (`api`), `result` (`/topapi`), or the flat object (`oapi`). */
  schema: z.ZodType<T>;
  /** `app` (default) adds the app's access token. */
  token?: 'app' | 'none' | { user: string };
  /** True when a second identical call can do no harm. A code exchange is not repeatable. */
  repeatable: boolean;
  /** For an answer that may be larger than 1 MiB. @see WHOLE_LIST_BYTES */
  maxAnswerBytes?: number;
  budget?: RequestBudget | undefined;
  /** The caller paces its own attempts: the circuit breaker neither refuses this call nor counts how it ends. */
  paced?: boolean;
}
