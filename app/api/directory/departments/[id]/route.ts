import {
  departmentIdIn,
  type PeopleResult,
  pageNumber,
  toPersonItem,
} from '@/app/(internal)/directory/items';
import { requireMember } from '@/lib/auth';
import { departmentPage } from '@/lib/directory/directory';
import { AppError } from '@/lib/errors';
import { refuseMethod, route } from '@/lib/http';

export const dynamic = 'force-dynamic';

/** A page of a department's people: `?page=` from 1. */
export const GET = route(undefined, async (request) => {
  await requireMember();
  const { pathname, searchParams } = new URL(request.url);
  const departmentId = departmentIdIn(pathname.split('/').at(-1) ?? '');
  const page = pageNumber(searchParams.get('page'));
  if (page === undefined) throw new AppError('bad-request', { hint: 'page' });
  const found = departmentId === undefined ? null : await departmentPage(departmentId, page);
  if (!found || page > found.pageCount) throw new AppError('not-found');
  const { people, pageCount, peopleCount, state } = found;
  const result: PeopleResult = {
    people: people.map(toPersonItem),
    page,
    pageCount,
    peopleCount,
    state: state.state,
    asOf: state.asOf,
  };
  return Response.json(result);
});

export const POST = refuseMethod('GET');
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
