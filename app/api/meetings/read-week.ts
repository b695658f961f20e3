import { isDate } from '@/lib/dingtalk/time-zone';

/** The week that the form was on; empty: this one. */
export function readWeek(form: URLSearchParams): string {
  const week = form.get('week') ?? '';
  return isDate(week) ? week : '';
}
