import { type Answer, Refusal, v1Answer, v1Missing } from '../../platform/answers';
import { authorizedScope } from './authorized-scope';
import { type Call, type Endpoint, readValue, v1 } from './endpoint';

const DECLARED = { token: 'app', permission: 'qyapi_addresslist_search' } as const;

/** Searching the address book by name. @see https://open.dingtalk.com/document/orgapp/address-book-search-user-id */
export const searchEndpoints: Endpoint[] = [
  v1('/v1.0/contact/users/search', DECLARED, (call) => {
    const isExact = readExactness(call);
    return search(call, ({ company }, scope, word) =>
      company.people
        .filter((person) => scope.hasPerson(person) && matches(person.name, word, isExact))
        .map(({ userid }) => userid),
    );
  }),
  v1('/v1.0/contact/departments/search', DECLARED, (call) =>
    search(call, ({ company }, scope, word) =>
      company.departments
        .filter(({ id, name }) => scope.hasDepartment(id) && matches(name, word, false))
        .map(({ id }) => id),
    ),
  ),
];

type Find = (
  platform: Call['platform'],
  scope: ReturnType<typeof authorizedScope>,
  word: string,
) => (string | number)[];

function search(call: Call, find: Find): Answer {
  for (const name of ['queryWord', 'offset', 'size'])
    if ((readValue(call, name) ?? '') === '') return v1Missing(name);
  const { queryWord, offset, size } = call.body.fields;
  if (typeof queryWord !== 'string' || !isWhole(offset, 0) || !isWhole(size, 1)) throw new Refusal(400002);
  const found = find(call.platform, authorizedScope(call.platform), queryWord);
  const end = offset + size;
  return v1Answer({
    hasMore: end < found.length,
    totalCount: found.length,
    list: found.slice(offset, end),
  });
}

function readExactness(call: Call): boolean {
  const field = call.body.fields.fullMatchField ?? undefined;
  if (field !== undefined && field !== 1) throw new Refusal(400002);
  return field === 1;
}

function matches(name: string, word: string, isExact: boolean): boolean {
  return isExact ? name === word : name.toLowerCase().includes(word.toLowerCase());
}

function isWhole(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}
