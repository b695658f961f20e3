import {
  departmentIdIn,
  type PeopleResult,
  pageNumber,
  toPersonItem,
} from '@/app/(internal)/directory/items';
import { methods } from '@/lib/auth/methods';
import { departmentPage } from '@/lib/dal/directory';
import { AppError } from '@/lib/errors';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** A page of a department's people: `?page=` from 1. */
  GET: { access: 'member', handler: answerPage },
});

async function answerPage(request: Request): Promise<Response> {
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
}
