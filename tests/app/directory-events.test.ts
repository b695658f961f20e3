import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { untilRead } from '../support/directory-app';
import { signedIn, type Visitor } from '../support/http-session';
import { startListener, untilReady } from '../support/staff';

let emulator: Emulator;
let app: App;
let visitor: Visitor;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 12, enforceQps: false });
  app = await startListener(emulator, {
    env: { DIRECTORY_SYNC: 'on', DIRECTORY_CALLS_PER_SECOND: '200' },
  });
  await untilReady(app);
  visitor = await signedIn(app, emulator, emulator.company.people[0]!.userid);
  await untilRead(visitor);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const calls = () => emulator.control.calls().byEndpoint;
const runs = () => calls()['/auth/scopes'] ?? 0;

/** Waits until the tree of the page shows something, or no longer does. */
async function untilTree(shows: (page: string) => boolean): Promise<void> {
  for (let waited = 0; !shows((await visitor.ask('/directory')).text); waited += 200) {
    if (waited > 20_000) throw new Error('the tree did not change');
    await delay(200);
  }
}

test('a department that is made, moved, renamed, hidden or dissolved shows so soon, and a new name costs one call', async () => {
  const [above, other] = emulator.company.childrenOf(1).map(({ id }) => id) as [number, number];
  const { id } = emulator.control.addDepartment({ name: '新设部门', parentId: above });
  const mover = emulator.company.people[3]!.userid;
  emulator.control.move(mover, [id]);
  await untilTree((page) => page.includes(`/directory/departments/${id}"`));
  await untilPeople(id, [mover]);

  emulator.control.patchDepartment(id, { parentId: other });
  await untilPath(id, other);

  const [runsBefore, asked] = [runs(), calls()['/topapi/v2/department/get'] ?? 0];
  emulator.control.patchDepartment(id, { name: '改过的名字' });
  await untilTree((page) => page.includes('改过的名字'));
  await delay(1500);
  expect([runs(), calls()['/topapi/v2/department/get']]).toEqual([runsBefore, asked + 1]);

  emulator.control.patchDepartment(id, { hidden: true });
  await untilTree((page) => !page.includes(`/directory/departments/${id}"`));
  emulator.control.patchDepartment(id, { hidden: false });
  await untilTree((page) => page.includes(`/directory/departments/${id}"`));

  emulator.control.dissolve(id);
  await untilTree((page) => !page.includes(`/directory/departments/${id}"`));
  await untilPeople(other, [mover]);
}, 120_000);

async function untilPeople(department: number, wanted: string[]): Promise<void> {
  for (let waited = 0; ; waited += 200) {
    const { json } = await visitor.ask(`/api/directory/departments/${department}`);
    const ids = (json.people ?? []).map(({ userId }: { userId: string }) => userId);
    if (wanted.every((userId) => ids.includes(userId))) return;
    if (waited > 20_000) throw new Error(`not in ${department}: ${wanted}`);
    await delay(200);
  }
}

/** Waits until a department's own page leads up to another one. */
async function untilPath(id: number, above: number): Promise<void> {
  for (let waited = 0; ; waited += 200) {
    const { text } = await visitor.ask(`/directory/departments/${id}`);
    if (text.includes(`href="/directory/departments/${above}"`)) return;
    if (waited > 20_000) throw new Error(`${id} is not below ${above}`);
    await delay(200);
  }
}
