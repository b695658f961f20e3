import type { Company } from '../company/company';
import { hireChange } from '../company/person-change';
import type { Fault } from './fault-kinds';

/** What happens in the company between two calls of the app: people come, go and move, a department is dissolved. */
export function applyStaffChange(company: Company, change: Fault & { kind: 'staffChange' }): void {
  for (const person of change.hire ?? []) company.add(hireChange(company, person));
  for (const userid of change.fire ?? []) company.remove(userid);
  for (const { userid, departmentIds } of change.move ?? []) company.change(userid, { departmentIds });
  for (const id of change.dissolve ?? []) company.dissolve(id);
}
