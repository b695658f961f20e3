import type { z } from 'zod';

/** What several calls belong to, such as one sign-in: a common deadline, and a count of what they cost. */
export interface RequestBudget {
  signal?: AbortSignal;
  /** Calls sent so far, repeated ones included. */
  calls: number;
  /** Whoever undertakes this repeats calls at a pace of their own: here each is sent once. @see pace.ts */
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
  /** True for a caller that paces its own attempts: neither told by the breaker to wait, nor heard by it. */
  paced?: boolean;
}
