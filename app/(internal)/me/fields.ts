import type { Member } from '@/lib/dingtalk/users';
import type { Language, Messages } from '@/lib/i18n';
import { shownText } from '@/lib/shown-text';

export interface FieldGroup {
  title: string;
  fields: { label: string; value: string }[];
}

type Field = keyof Messages['me']['fields'];

const GROUPS: Record<Exclude<keyof Messages['me']['groups'], 'custom'>, Field[]> = {
  identity: ['name', 'userId', 'unionId', 'avatarUrl'],
  work: [
    'title',
    'jobNumber',
    'departmentIds',
    'ledDepartmentIds',
    'positions',
    'roles',
    'managerUserId',
    'workPlace',
    'hiredAt',
    'remark',
  ],
  contact: ['mobile', 'stateCode', 'hideMobile', 'telephone', 'email', 'orgEmail', 'orgEmailType'],
  status: [
    'active',
    'realNameVerified',
    'senior',
    'admin',
    'boss',
    'companyAccount',
    'companyAccountType',
    'loginId',
    'createdAt',
  ],
};

/** The console's names of the permissions that bring a field. */
const PERMISSION: Partial<Record<Field, string>> = {
  mobile: '企业员工手机号信息',
  stateCode: '企业员工手机号信息',
  email: '邮箱等个人信息',
  orgEmail: '邮箱等个人信息',
  workPlace: '邮箱等个人信息',
  remark: '邮箱等个人信息',
};

const ISO_DATE = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Sorts a member's record into labelled groups: the fields that DingTalk returned, and those that it withheld. */
export function toFieldGroups(
  member: Member,
  messages: Messages,
  language: Language,
): { known: FieldGroup[]; withheld: FieldGroup } {
  const { fields, groups, withheld, needs, withheldHeading } = messages.me;
  const format = valueFormatter(messages, language);
  const known: FieldGroup[] = [];
  const missing: FieldGroup['fields'] = [];
  for (const [group, names] of Object.entries(GROUPS) as [keyof typeof GROUPS, Field[]][]) {
    const present: FieldGroup['fields'] = [];
    for (const name of names) {
      const value = format(member[name]);
      const permission = PERMISSION[name];
      if (value !== undefined) present.push({ label: fields[name], value });
      else missing.push({ label: fields[name], value: permission ? `${needs}: ${permission}` : withheld });
    }
    if (present.length > 0) known.push({ title: groups[group], fields: present });
  }
  const custom = Object.entries(member.extension ?? {}).map(([label, value]) => ({
    label: shownText(label) ?? '?',
    value: shownLines(value) ?? '',
  }));
  if (custom.length > 0) known.push({ title: groups.custom, fields: custom });
  return { known, withheld: { title: withheldHeading, fields: missing } };
}

/** A remark may have several lines. */
function shownLines(text: string): string | undefined {
  const lines = text.split(/\r\n?|\n/).map((line) => shownText(line) ?? '');
  return lines.join('\n').trim() || undefined;
}

function valueFormatter({ me }: Messages, language: Language) {
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'Asia/Shanghai' });
  // A day that there is not, such as the 99th, is shown as it came: formatting it would throw.
  const toDate = (value: number | string) => {
    const day = new Date(value);
    return Number.isNaN(day.getTime()) ? String(value) : date.format(day);
  };
  return (value: Member[Field]): string | undefined => {
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
