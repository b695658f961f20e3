import { expect, test, vi } from 'vitest';
import type { Visitor } from '../support/http-session';
import { startApp } from '../support/kit';

/** The meetings' pages, without JavaScript: what a browser does with their links and forms. */

const kit = await startApp({
  directory: true,
  env: { DINGTALK_AGENT_ID: '4100200300', DINGTALK_STREAM: 'on' },
});
const { app, emulator } = kit;
// Until the directory has been read.
await kit.as();
const english = { 'accept-language': 'en' };

/** Each test has its own: one member's calls are limited. */
const people = () => emulator.company.people.filter(({ active }) => active);
/** What is to be read of a page. */
const get = async (visitor: Visitor, path: string) =>
  (await visitor.ask(path, { headers: english })).text
    .replace(/<(script|style)\b.*?<\/\1>/gs, '')
    .replaceAll('<!-- -->', '')
    .replaceAll('&amp;', '&');

/** Sends a form as a browser without scripts does. @returns where it leads */
async function send(
  visitor: Visitor,
  path: string,
  fields: [string, string][],
  from = '/meetings',
): Promise<string> {
  const answer = await visitor.ask(path, {
    method: 'POST',
    headers: { origin: app.origin, referer: app.origin + from, accept: 'text/html', ...english },
    body: new URLSearchParams(fields),
  });
  expect(answer.status, answer.text).toBe(303);
  return answer.headers.get('location')!;
}

/** Hidden fields and defaults of the first form with this action. */
function fieldsOf(html: string, action: string): [string, string][] {
  const form = new RegExp(`<form[^>]*action="${action}".*?</form>`, 's').exec(html)?.[0];
  if (!form) throw new Error(`there is no form ${action}`);
  return [...form.matchAll(/<input[^>]*>/g)].flatMap(([input]): [string, string][] => {
    const name = / name="([^"]*)"/.exec(input)?.[1];
    return name ? [[name, / value="([^"]*)"/.exec(input)?.[1] ?? '']] : [];
  });
}

/** A Monday some weeks ahead: no slot of it is over. */
function nextMonday(weeks = 1): string {
  const today = new Date(Date.now() + 8 * 3_600_000);
  const days = ((8 - today.getUTCDay()) % 7) + 7 * (weeks - 1);
  return new Date(today.getTime() + (days || 7) * 86_400_000).toISOString().slice(0, 10);
}

async function busyAt(userid: string, start: string, hours = 1): Promise<void> {
  const { unionid } = emulator.company.person(userid)!;
  const token = await (
    await fetch(`${emulator.url}/gettoken?appkey=${emulator.clientId}&appsecret=${emulator.clientSecret}`)
  ).json();
  const at = (time: number) => ({
    dateTime: `${new Date(time + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`,
    timeZone: 'Asia/Shanghai',
  });
  const from = Date.parse(`${start}+08:00`);
  const answer = await fetch(`${emulator.url}/v1.0/calendar/users/${unionid}/calendars/primary/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': token.access_token },
    body: JSON.stringify({ summary: 'A secret date', start: at(from), end: at(from + hours * 3_600_000) }),
  });
  expect(answer.status).toBe(200);
}

test('a meeting is found, booked, announced, changed and cancelled, with three calls that count', async () => {
  const [me, one, other] = people();
  const visitor = await kit.signIn(me!);
  const monday = nextMonday();
  await busyAt(one!.userid, `${monday}T09:00:00`);
  const before = emulator.control.calls().counted;

  const found = await get(visitor, `/meetings?q=${one!.userid}`);
  expect(found).toContain(`href="/meetings?with=${one!.userid}"`);
  const address = `/meetings?with=${one!.userid}&with=${other!.userid}&week=${monday}`;
  const page = await get(visitor, address);
  expect(page).toContain(`aria-label="09:00 ${one!.name} is busy"`);
  expect(page).toContain('aria-label="10:00 everyone is free"');
  expect(page).not.toContain('A secret date');
  expect(page).toMatch(/\d+ of 5000 are left this month/);

  const chosen = `${address}&start=${monday}T10:00`;
  const form = fieldsOf(await get(visitor, chosen), '/api/meetings');
  const sent: [string, string][] = [...form.filter(([name]) => name !== 'title'), ['title', 'Quarter 4']];
  const booked = await send(visitor, '/api/meetings', sent, chosen);
  expect(booked).toBe(`/meetings/mine?week=${monday}&done=notified`);
  expect(emulator.control.calls().counted - before).toBeLessThanOrEqual(3);

  // The form sent again books nothing more.
  await send(visitor, '/api/meetings', sent, chosen);
  const agenda = await get(visitor, booked);
  expect(agenda.match(/>Quarter 4</g)).toHaveLength(1);
  expect(agenda).toContain('the work notification is on its way');
  await vi.waitFor(() => expect(emulator.control.notices(one!.userid)).toHaveLength(1));
  const [notice] = emulator.control.notices(other!.userid);
  expect(notice).toMatchObject({ title: 'Meeting: Quarter 4' });
  expect(new URL(notice!.url!).pathname + new URL(notice!.url!).search).toBe(
    `/meetings/mine?week=${monday}&corpid=${emulator.corpId}`,
  );
  // The invited see it, and cannot change it here.
  const invited = await get(await kit.signIn(one!), `/meetings/mine?week=${monday}`);
  expect(invited).toContain('Quarter 4');
  // Their own event alone.
  expect(invited.match(/action="\/api\/meetings\/cancel"/g)).toHaveLength(1);

  const change = fieldsOf(agenda, '/api/meetings/change').map(([name, value]): [string, string] => [
    name,
    { title: 'Quarter 5', start: '15:00', end: '16:30' }[name] ?? value,
  ]);
  expect(await send(visitor, '/api/meetings/change', change, booked)).toContain('done=changed');
  const changed = await get(visitor, `/meetings/mine?week=${monday}&done=changed`);
  expect(changed).toContain('Quarter 5');
  expect(changed).toMatch(/3:00.*4:30/);
  const cancel = fieldsOf(changed, '/api/meetings/cancel');
  expect(await send(visitor, '/api/meetings/cancel', cancel, booked)).toContain('done=cancelled');
  expect(await get(visitor, `/meetings/mine?week=${monday}`)).not.toContain('Quarter 5');
  // The address was remembered by the agenda; its form, sent once more, finds nothing.
  expect(await send(visitor, '/api/meetings/cancel', cancel, booked)).toContain('problem=event-gone');
});

test('who is not to be seen in the directory is asked about by nobody, and cannot be invited', async () => {
  const [, , me] = people();
  const hidden = emulator.control.addDepartment({ name: 'Hidden', parentId: 1 });
  emulator.control.patchDepartment(hidden.id, { hidden: true });
  const secret = emulator.control.hire({ name: 'Secret Person', departmentIds: [hidden.id] });
  await kit.as({ department: 'Hidden' });
  const visitor = await kit.signIn(me!);
  const monday = nextMonday(2);
  await busyAt(secret.userid, `${monday}T09:00:00`);
  for (const userid of [secret.userid, 'nobody.such']) {
    const page = await get(visitor, `/meetings?with=${userid}&week=${monday}`);
    expect(page).toContain('is not in the directory');
    expect(page).not.toContain('Secret Person');
    expect(page).not.toContain('is busy');
    const form: [string, string][] = [
      ['with', userid],
      ['start', `${monday}T09:00`],
      ['length', '60'],
      ['key', crypto.randomUUID()],
      ['title', 'x'],
    ];
    expect(await send(visitor, '/api/meetings', form)).toBe('/meetings?problem=not-found');
  }
  const { unionid } = emulator.company.person(secret.userid)!;
  expect(JSON.stringify(emulator.control.calls().recent)).not.toContain(unionid);
});

test('what a form cannot mean is refused on its page, and nothing is booked', async () => {
  const [me, one] = people().slice(4);
  const visitor = await kit.signIn(me!);
  const monday = nextMonday(3);
  const good: Record<string, string> = {
    with: one!.userid,
    start: `${monday}T09:00`,
    length: '60',
    key: crypto.randomUUID(),
    title: 'x',
  };
  const bad = { title: ' ', start: '2026-02-30T09:00', length: '61', key: '', location: 'x'.repeat(201) };
  for (const [name, value] of Object.entries(bad)) {
    const fields = Object.entries({ ...good, [name]: value });
    expect(await send(visitor, '/api/meetings', fields), name).toBe('/meetings?problem=bad-request');
  }
  expect(await get(visitor, '/meetings?problem=event-limit')).toContain(
    'as many events today as DingTalk allows',
  );
  expect(await get(visitor, '/meetings?problem=__proto__&done=constructor')).toContain('Book a meeting');
  for (const id of ['', '..', 'a b', 'x'.repeat(600)])
    expect(await send(visitor, '/api/meetings/cancel', [['id', id]])).toBe('/meetings?problem=event-gone');
  const elsewhere = await visitor.ask('/api/meetings', { method: 'POST', body: new URLSearchParams(good) });
  expect(elsewhere.status).toBe(403);
});

test('a series is shown day by day, and only shown', async () => {
  const [me] = people().slice(6);
  const visitor = await kit.signIn(me!);
  const monday = nextMonday(4);
  const { unionid } = emulator.company.person(me!.userid)!;
  const token = await (
    await fetch(`${emulator.url}/gettoken?appkey=${emulator.clientId}&appsecret=${emulator.clientSecret}`)
  ).json();
  const time = (hour: string) => ({ dateTime: `${monday}T${hour}:00:00+08:00`, timeZone: 'Asia/Shanghai' });
  const recurrence = {
    pattern: { type: 'daily', interval: 1 },
    range: { type: 'numbered', numberOfOccurrences: 5 },
  };
  const made = await fetch(`${emulator.url}/v1.0/calendar/users/${unionid}/calendars/primary/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': token.access_token },
    body: JSON.stringify({ summary: 'Standup', start: time('09'), end: time('10'), recurrence }),
  });
  const { id } = await made.json();
  const page = await get(visitor, `/meetings/mine?week=${monday}`);
  expect(page.match(/>Standup</g)).toHaveLength(5);
  expect(page).not.toContain('action="/api/meetings/cancel"');
  expect(await send(visitor, '/api/meetings/cancel', [['id', id]])).toBe('/meetings?problem=event-read-only');
});

test('an event of DingTalk’s makes the page look again; without one it remembers', async () => {
  const [me, one] = people().slice(8);
  const visitor = await kit.signIn(me!);
  const monday = nextMonday(5);
  const address = `/meetings?with=${one!.userid}&week=${monday}`;
  const freeDays = async () =>
    (await get(visitor, address)).split('aria-label="09:00 everyone is free"').length - 1;
  expect(await freeDays()).toBe(7);
  const before = emulator.control.calls().counted;
  expect(await freeDays()).toBe(7);
  expect(emulator.control.calls().counted).toBe(before);
  await vi.waitFor(() => expect(app.output()).toContain('stream-connected'), 10_000);
  await busyAt(one!.userid, `${monday}T09:00:00`);
  await vi.waitFor(async () => expect(await freeDays()).toBe(6), 10_000);
});

test('one member cannot use up the month', async () => {
  const me = people().at(-1)!;
  const visitor = await kit.signIn(me);
  const other = people().at(-2)!;
  let page = '';
  for (let week = 1; week <= 13 && !page.includes('asked too often'); week++)
    page = await get(visitor, `/meetings?with=${other.userid}&week=${nextMonday(week)}&length=30`);
  expect(page).toContain('You have asked too often.');
});
