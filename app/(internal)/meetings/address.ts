import type { Route } from 'next';
import { LENGTHS, MAX_PEOPLE } from '@/lib/dal/meeting-week';

/** What the address of the page says: everything works by links and forms. */
export interface MeetingQuery {
  /** User ids of colleagues. */
  people: string[];
  /** Any day of the week that is shown; empty: this one. */
  week: string;
  lengthMinutes: number;
  /** A slot, `2026-12-07T09:30`; empty: none is chosen. */
  start: string;
  /** Who is looked for. */
  search: string;
}

type Parameters = Record<string, string | string[] | undefined>;

export function toQuery({ with: people, week, length, start, q }: Parameters): MeetingQuery {
  const wanted = [people ?? []].flat().filter((userId) => userId !== '' && userId.length <= 64);
  const minutes = Number(one(length));
  return {
    people: [...new Set(wanted)].slice(0, MAX_PEOPLE - 1),
    week: one(week),
    lengthMinutes: LENGTHS.find((each) => each === minutes) ?? 60,
    start: one(start),
    search: one(q).slice(0, 100),
  };
}

function one(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The page with something changed. Search and slot last for one step. */
export function addressOf(query: MeetingQuery, change: Partial<MeetingQuery> = {}): Route {
  const { people, week, lengthMinutes, start, search } = { ...query, start: '', search: '', ...change };
  const parameters = new URLSearchParams(people.map((userId) => ['with', userId]));
  if (week) parameters.set('week', week);
  if (lengthMinutes !== 60) parameters.set('length', String(lengthMinutes));
  if (search) parameters.set('q', search);
  if (start) parameters.set('start', start);
  return (parameters.size === 0 ? '/meetings' : `/meetings?${parameters}`) as Route;
}
