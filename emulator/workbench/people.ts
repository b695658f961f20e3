import type { PersonSummary } from '../control/company-control';

type Person = PersonSummary;

/** One page of the staff, as the workbench's list asks for it. */
export interface PeoplePage {
  people: Person[];
  /** How many people match, of whom `people` are some. */
  total: number;
}

const pageSize = 40;

/**
 * Finds staff by any part of their name, userid, title or department.
 *
 * @param query `q` text to find, `userid` one person exactly, `admins` administrators only, `offset` people to skip
 */
export function findPeople(staff: Person[], query: URLSearchParams): PeoplePage {
  const userid = query.get('userid');
  const words = (query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const pool = query.has('admins') ? staff.filter(({ adminLevel }) => adminLevel > 0) : staff;
  const found = pool.filter((person) =>
    userid === null ? words.every((word) => mentions(person, word)) : person.userid === userid,
  );
  const offset = Math.max(0, Number(query.get('offset')) || 0);
  return { people: found.slice(offset, offset + pageSize), total: found.length };
}

function mentions({ name, userid, title, departmentNames }: Person, word: string): boolean {
  return [name, userid, title, ...departmentNames].some((text) => text.toLowerCase().includes(word));
}
