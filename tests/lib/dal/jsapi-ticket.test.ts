import { expect, test } from 'vitest';
import { createTicketStore } from '../../../lib/dal/jsapi-ticket';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { createTestDatabase } from '../../support/databases';

const secretOf = (letter: string) => letter.repeat(32);
const settings = (...ids: string[]) => ({
  sessionKeys: new Map(ids.map((id) => [id, secretOf(id)])),
  sealKey: ids[0]!,
});
const KEPT = { ticket: 'a-ticket-of-dingtalk', since: 1, renewAt: 2, expiresAt: 3 };

test('processes read the ticket that one of them has written, with any of the keys', async () => {
  const { open } = await createTestDatabase('file');
  const [mine, other] = [await open(recordsMigrations), await open(recordsMigrations)];
  const store = createTicketStore(mine, settings('a', 'b'));
  expect(await store.load()).toBeUndefined();
  await store.save({ ...KEPT, ticket: 'an older one' });
  await store.save(KEPT);
  expect(await createTicketStore(other, settings('b', 'a')).load()).toEqual(KEPT);
  expect(await createTicketStore(other, settings('c')).load()).toBeUndefined();
  const rows = await other.all('SELECT * FROM jsapi_ticket');
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(KEPT.ticket);
});
