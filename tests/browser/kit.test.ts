import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser';
import { Visitor } from '../support/http-session';
import { startApp } from '../support/kit';

const kit = await startApp({ directory: true, env: { DIRECTORY_EXPORT: 'role:财务' } });
const { app, as, emulator, expectAccess, signIn, storageState } = kit;
const EXPORT = '/directory/export.csv';

test('employees are let in, strangers are turned away, from pages and from endpoints', async () => {
  await expectAccess({}).to('/me');
  await expectAccess({}).to('/api/session');
  await expectAccess('stranger').notTo('/me');
  await expectAccess('stranger').notTo('/api/session');
});

test('administrators are let in where employees are turned away', async () => {
  await expectAccess({ administrator: true }).to('/admin/sync');
  await expectAccess({}).notTo('/admin/sync');
});

test('a role decides, with people who have it and with one who is hired for it', async () => {
  await expectAccess({ role: '财务' }).to(EXPORT);
  const hired = await as({ role: '财务', department: '食堂' });
  expect(emulator.control.people().find(({ userid }) => userid === hired.userid)).toMatchObject({
    departmentNames: ['食堂'],
  });
  await expectAccess(hired).to(EXPORT);
  expect((await as({ role: '财务', department: '食堂' })).userid).toBe(hired.userid);
  await expectAccess({ department: '食堂', role: '司机' }).notTo(EXPORT);
});

test('an expectation that does not hold fails, and says for which page', async () => {
  await expect(expectAccess('stranger').to('/me')).rejects.toThrow('/me');
  await expect(expectAccess({}).notTo('/me')).rejects.toThrow('/me');
  await expect(expectAccess({}).to('/nowhere')).rejects.toThrow('/nowhere');
  await expect(expectAccess({}).notTo('/nowhere')).rejects.toThrow('/nowhere');
});

test('a role that follows from a position is found, too', async () => {
  const { userid } = await as({ role: '主管理员', administrator: true });
  expect(emulator.company.person(userid)?.adminLevel).toBe(1);
});

test('signIn(visitor) signs in a visitor that exists already', async () => {
  const visitor = new Visitor(app);
  await signIn(visitor, await as());
  await expectAccess(visitor).to('/me');
});

test('a role that the company does not have is named, with those that it has', async () => {
  await expect(as({ role: '宇航员' })).rejects.toThrow(/宇航员.*财务/);
});

describe('in a browser', () => {
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test('signIn(page) signs its pages in', async () => {
    const page = await browser.newPage();
    const person = await as();
    await signIn(page, person);
    await page.goto(`${app.url}/me`);
    expect(await page.locator('h1').textContent()).toContain(person.name);
    await page.context().close();
  });

  test('storageState() opens a context that is signed in', async () => {
    const person = await as({ administrator: true });
    const context = await browser.newContext({ storageState: await storageState(person) });
    const page = await context.newPage();
    await page.goto(`${app.url}/me`);
    expect(await page.locator('h1').textContent()).toContain(person.name);
    await context.close();
  });

  test('a cookie header is enough for any other client', async () => {
    const cookie = (await signIn()).cookieHeader();
    const { status } = await fetch(`${app.url}/api/session`, { headers: { cookie } });
    expect(status).toBe(200);
  });
});
