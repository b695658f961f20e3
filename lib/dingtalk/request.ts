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
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for each of `pathValues`; as it stands here it appears in errors and logs. */
  path: string;
  /** Ids for the path, as DingTalk gave them: they contain `/`, `+` and `=`, and are percent-encoded once. */
  pathValues?: Readonly<Record<string, string>>;
  query?: Record<string, string>;
  body?: unknown;
  /** DingTalk does a request with this key once, however often it arrives within a day; new API only. */
  idempotencyKey?: string | undefined;
  /** Shape of the useful part: the bare object (`api`), `result` (`/topapi`), or the flat object (`oapi`). */
  schema: z.ZodType<T>;
  /** Below `/topapi`: the useful part is not in `result` but beside `errcode`. */
  flat?: true;
  /** A success may come without a body; it is read as `{}`. */
  mayBeEmpty?: true;
  /** Called before each attempt that is sent. */
  onSend?: (() => void) | undefined;
  /** `app` (default) adds the app's access token. */
  token?: 'app' | 'none' | { user: string };
  /** True when a second identical call can do no harm. A code exchange is not repeatable. */
  repeatable: boolean;
  /** For an answer that may be larger than 1 MiB. @see WHOLE_LIST */
  maxAnswerBytes?: number;
  budget?: RequestBudget | undefined;
  /** The caller paces its own attempts: the circuit breaker neither refuses this call nor counts how it ends. */
  paced?: boolean;
}
