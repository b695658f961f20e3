import { createTransport, type Transport } from '../../lib/dingtalk/transport';

/** What a field may be that nobody expects there. `undefined`: it is absent. */
const ODD_VALUES: readonly unknown[] = [
  null,
  undefined,
  '',
  ' ',
  '42',
  42,
  -1,
  0.5,
  2 ** 53,
  'true',
  'FALSE',
  0,
  1,
  '0',
  true,
  false,
  [],
  {},
  [null],
  [{}],
  ['x', 7, null],
  { a: { b: [] } },
  'x'.repeat(5000),
  '{"',
];

/** Every optional field of a person's record, in either list, and some that nobody knows. */
const FIELDS = [
  ...[
    'unionid',
    'avatar',
    'state_code',
    'mobile',
    'hide_mobile',
    'telephone',
    'job_number',
    'title',
    'email',
  ],
  ...['org_email', 'org_email_type', 'work_place', 'remark', 'extension', 'dept_order_list', 'dept_order'],
  ...[
    'leader_in_dept',
    'leader',
    'role_list',
    'union_emp_ext',
    'manager_userid',
    'hired_date',
    'real_authed',
  ],
  ...['senior', 'admin', 'boss', 'exclusive_account', 'exclusive_account_type', 'login_id', 'create_time'],
  ...['dept_position_list', 'nickname', 'future'],
];

export interface OddField {
  field: string;
  value: unknown;
}

/** So many records' one odd field each, drawn. @param random from 0 to 1 */
export function drawOddFields(count: number, random: () => number): OddField[] {
  const draw = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: count }, () => ({ field: draw(FIELDS), value: draw(ODD_VALUES) }));
}

export function withOddField(record: object, { field, value }: OddField): object {
  const odd = { ...record, [field]: value };
  if (value === undefined) delete odd[field as keyof typeof odd];
  return odd;
}

/** A line on which answers are changed: the useful part of each API, by its path. */
export function spoilingTransport(spoil: (path: string, result: never) => unknown): Transport {
  const transport = createTransport();
  return async (request) => {
    const answer = await transport(request);
    const body = JSON.parse(answer.text ?? 'null') as { result?: never };
    if (body?.result === undefined) return answer;
    return { ...answer, text: JSON.stringify({ ...body, result: spoil(request.url.pathname, body.result) }) };
  };
}
