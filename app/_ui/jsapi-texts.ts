import { type Explanation, explain } from '@/lib/http/error-response';
import type { Messages } from '@/lib/i18n';
import { JSAPI_PROBLEMS, type JsapiProblem } from '@/lib/jsapi-codes';

/** What is said of each way in which a JSAPI can fail. */
export type JsapiTexts = Record<JsapiProblem, Explanation>;

/** For a page that calls `jsapi()`: its client component cannot explain problems itself. */
export function jsapiTexts(messages: Messages): JsapiTexts {
  const entries = JSAPI_PROBLEMS.map((problem) => [problem, explain(problem, messages)]);
  return Object.fromEntries(entries) as JsapiTexts;
}
