import type { JsapiError } from '@/lib/webview';
import type { JsapiTexts } from './jsapi-texts';
import { ProblemNote, type ProblemNoteLabels } from './problem-note';

interface JsapiProblemProps {
  /** What `jsapi()`, or the import of `lib/webview`, failed with. */
  error: JsapiError;
  texts: JsapiTexts;
  labels: ProblemNoteLabels;
}

/** Why a JSAPI was not carried out, and what to do. */
export function JsapiProblem({ error, texts, labels }: JsapiProblemProps) {
  // What the server answered in place of a signature says more than that it gave none.
  const explanation = error.answer ?? texts[error.problem] ?? texts['network-failed'];
  return <ProblemNote {...explanation} labels={labels} />;
}
