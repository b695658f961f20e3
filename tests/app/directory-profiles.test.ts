import { afterAll, beforeAll, expect } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { openCorpus } from '../support/corpus';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { signedIn, type Visitor } from '../support/http-session';

interface ProfileEntry {
  id: string;
  class: 'text' | 'avatar' | 'identity-header';
  name: string;
  field: 'name' | 'title' | 'avatar' | 'dept';
  value: string;
}

const NO_HEADERS = 'no identity headers are sent to anybody yet';
const corpus = openCorpus<ProfileEntry>('profile-values', {
  'PR-043': NO_HEADERS,
  'PR-045': NO_HEADERS,
  'PR-047': NO_HEADERS,
});

let emulator: Emulator;
let app: App;
let visitor: Visitor;
/** Where everybody of the corpus works. */
let department: number;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  const { company, control } = emulator;
  department = company.departments.findLast(({ id }) => company.childrenOf(id).length === 0)!.id;
  for (const { userid } of company.membersOf(department)) {
    control.patchPerson(userid, { departmentIds: [1], leads: [] });
  }
  const set: Record<string, string> = {};
  for (const [index, { id, field, value }] of corpus.applying.entries()) {
    const words = field === 'name' || field === 'title' ? { [field]: value } : {};
    control.hire({ userid: useridOf(id), name: `新${id}`, ...words, departmentIds: [department] });
    if (field === 'avatar') set[`result.list.${index}.avatar`] = value;
  }
  control.fault({
    endpoint: '/topapi/v2/user/list',
    where: { dept_id: department },
    times: 'always',
    fault: { kind: 'patch', set },
  });
  app = await startDirectoryApp({
    emulator,
    env: { AVATAR_HOSTS: `${new URL(emulator.url).host},*.dingtalk.com` },
  });
  visitor = await signedIn(app, emulator, company.people[0]!.userid);
  await untilRead(visitor);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

corpus.each(
  ({ field, name }) => `${field}, ${name}`,
  async ({ id: entryId, field, value }) => {
    const id = useridOf(entryId);
    const { json } = await visitor.ask(`/api/directory/departments/${department}`);
    const person = json.people.find(({ userId }: { userId: string }) => userId === id);
    const [found] = (await visitor.ask(`/api/directory/search?q=${id}`)).json.people;
    for (const listed of [person, found]) {
      if (field === 'avatar') expect(listed.avatarUrl).toBeUndefined();
      else expect(listed[field]).toBe(shownAs(value, id));
    }
    for (const path of [
      `/directory/departments/${department}`,
      `/directory/people/${id}`,
      `/directory?q=${id}`,
    ]) {
      const { status, text } = await visitor.ask(path);
      expect(status).toBe(200);
      const markup = text.replaceAll(/<script\b[^>]*>.*?<\/script>/gs, '');
      for (const [, source] of markup.matchAll(/<img[^>]*? src="([^"]*)"/g)) {
        expect(source).toMatch(new RegExp(`^${emulator.url}/__emulator/avatars/`));
      }
      if (field !== 'avatar') expect(markup).toContain(escaped(shownAs(value, id)));
      expect(text).not.toMatch(/<script>alert|href="javascript:| (src|srcset|href)="[^"]*evil\.example/i);
    }
  },
);

corpus.report({ total: 24, applying: 21 });

const useridOf = (id: string) => id.toLowerCase();

/** Without what has no shape, and never blank. */
function shownAs(value: string, userid: string): string {
  return (
    value
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
      .replaceAll('\u200b', '')
      .trim() || userid
  );
}

/** As React writes text. */
function escaped(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#x27;',
  };
  return text.replaceAll(/[&<>"']/g, (sign) => names[sign]!);
}
