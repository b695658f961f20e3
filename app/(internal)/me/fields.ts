import type { Member } from '@/lib/dingtalk/users';
import type { Language, Messages } from '@/lib/i18n';
import { shownText } from '@/lib/shown-text';

interface TextField {
  label: string;
  value: string;
}

/** A member's record in words: what they want to see stands on the page, the rest is folded away. */
export interface ProfileFields {
  /** Value by name, of what DingTalk told. */
  values: Partial<Record<FieldName, string>>;
  /** Fields of the company's own. */
  custom: TextField[];
  /** What only a technician asks for. */
  raw: TextField[];
  /** What DingTalk did not tell, each with the reason. */
  withheld: TextField[];
}

export type FieldName = keyof Messages['me']['fields'];

/** Everything that is not on the page by itself. */
const RAW: FieldName[] = [
  'name',
  'userId',
  'unionId',
  'avatarUrl',
  'departmentIds',
  'ledDepartmentIds',
  'managerUserId',
  'stateCode',
  'hideMobile',
  'active',
  'realNameVerified',
  'senior',
  'admin',
  'boss',
  'companyAccount',
  'companyAccountType',
  'loginId',
  'orgEmailType',
  'createdAt',
];

/** The console's names of the permissions that bring a field. */
const PERMISSION: Partial<Record<FieldName, string>> = {
  mobile: '企业员工手机号信息',
  stateCode: '企业员工手机号信息',
  email: '邮箱等个人信息',
  orgEmail: '邮箱等个人信息',
  workPlace: '邮箱等个人信息',
  remark: '邮箱等个人信息',
};

const ISO_DATE = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Puts a member's record into words. @param timeZone in which days begin and end */
export function toProfileFields(
  member: Member,
  { me }: Messages,
  { language, timeZone }: { language: Language; timeZone: string },
): ProfileFields {
  const format = valueFormatter(me, language, timeZone);
  const names = Object.keys(me.fields) as FieldName[];
  const known = names.flatMap((name) => {
    const value = format(member[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const values: ProfileFields['values'] = Object.fromEntries(known);
  return {
    values,
    custom: Object.entries(member.extension ?? {}).map(([label, value]) => ({
      label: shownText(label) ?? '?',
      value: shownLines(value) ?? '',
    })),
    raw: known
      .filter(([name]) => RAW.includes(name))
      .map(([name, value]) => ({ label: me.fields[name], value })),
    withheld: names
      .filter((name) => values[name] === undefined)
      .map((name) => {
        const permission = PERMISSION[name];
        return { label: me.fields[name], value: permission ? me.needs(permission) : me.notSet };
      }),
  };
}

/** Whole years and months since a moment; undefined for one that is still to come. */
export function timeSince(at: number, now: number): { years: number; months: number } | undefined {
  const [from, to] = [new Date(at), new Date(now)];
  const isDayReached = to.getUTCDate() >= from.getUTCDate();
  const months =
    (to.getUTCFullYear() - from.getUTCFullYear()) * 12 +
    to.getUTCMonth() -
    from.getUTCMonth() -
    (isDayReached ? 0 : 1);
  return months >= 0 ? { years: Math.floor(months / 12), months: months % 12 } : undefined;
}

/** A remark may have several lines. */
function shownLines(text: string): string | undefined {
  const lines = text.split(/\r\n?|\n/).map((line) => shownText(line) ?? '');
  return lines.join('\n').trim() || undefined;
}

function valueFormatter(me: Messages['me'], language: Language, timeZone: string) {
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone });
  // A day that there is not, such as the 99th, is shown as it came: formatting it would throw.
  const toDate = (value: number | string) => {
    const day = new Date(value);
    return Number.isNaN(day.getTime()) ? String(value) : date.format(day);
  };
  return (value: Member[FieldName]): string | undefined => {
    if (value === undefined) return undefined;
    if (typeof value === 'boolean') return value ? me.yes : me.no;
    if (typeof value === 'number') return toDate(value);
    if (typeof value === 'string') return ISO_DATE.test(value) ? toDate(value) : shownLines(value);
    const items = value.map((item) => {
      if (typeof item === 'number') return String(item);
      const parts =
        'id' in item ? [item.groupName, item.name] : [item.departmentId, item.title, item.workPlace];
      return parts
        .map((part) => shownText(part?.toString()))
        .filter(Boolean)
        .join(' / ');
    });
    return items.length > 0 ? items.join(language === 'en' ? ', ' : '、') : undefined;
  };
}
