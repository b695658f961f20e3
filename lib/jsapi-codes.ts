/**
 * The client's own codes for `dd.config` and for JSAPIs, by the problem of the catalogue that they are. For the browser
 * and for the documentation: no secret can get here.
 *
 * @see https://open.dingtalk.com/document/development/jsapi-authentication
 */
export const JSAPI_CODES = {
  'jsapi-corp': '52010',
  'jsapi-ticket': '52011 52012',
  'jsapi-address': '52013 52014',
  'jsapi-values': '52015 52016 52017 52018',
  'jsapi-agent': '52019',
  'jsapi-refused': '52020 52021 52022 52023 52024 52025 52026',
} as const;

type SigningProblem = keyof typeof JSAPI_CODES;

/** The problems of `errors.ts` that a call of a JSAPI can end with. */
export const JSAPI_PROBLEMS = [
  ...(Object.keys(JSAPI_CODES) as SigningProblem[]),
  'jsapi-unsigned',
  'jsapi-unsupported',
  'jsapi-cancelled',
  'not-in-dingtalk',
  'bridge-silent',
  'network-failed',
] as const;
export type JsapiProblem = (typeof JSAPI_PROBLEMS)[number];

/** The problem that a code of the client stands for; `jsapi-refused` for all that are not documented. */
function problemOf(code: string): SigningProblem {
  const found = Object.entries(JSAPI_CODES).find(([, codes]) => codes.split(' ').includes(code));
  return (found?.[0] ?? 'jsapi-refused') as SigningProblem;
}

/** What our server answers in place of a signature, in the person's language. */
export interface SignatureRefusal {
  code: string;
  message: string;
  nextStep: string;
  requestId: string;
}

/** Why a JSAPI was not carried out. */
export class JsapiError extends Error {
  readonly problem: JsapiProblem;
  /** The client's own code, for the operator. */
  readonly nativeCode: string | undefined;
  readonly answer: SignatureRefusal | undefined;

  constructor(
    problem: JsapiProblem,
    detail: { nativeCode?: string; answer?: SignatureRefusal | undefined } = {},
  ) {
    super(problem);
    this.name = 'JsapiError';
    this.problem = problem;
    this.nativeCode = detail.nativeCode;
    this.answer = detail.answer;
  }
}

/** What a client's refusal means. `权限校验失败 Code:52013 - Message: …` comes under the client's code 3. */
export function toJsapiError({ code, message }: { code: string; message: string }): JsapiError {
  const nativeCode = /Code:\s*(\d{5})/.exec(message)?.[1] ?? code;
  if (code === '-1') return new JsapiError('jsapi-cancelled', { nativeCode });
  if (code === '4040') return new JsapiError('not-in-dingtalk', { nativeCode });
  if (/^(1|40[56]0)$/.test(code)) return new JsapiError('jsapi-unsupported', { nativeCode });
  return new JsapiError(problemOf(nativeCode), { nativeCode });
}
