import type { EmulatorProcess } from './emulator-process';

/** Somebody who works at the emulator's company. */
export interface Person {
  userid: string;
  name: string;
}

/** The first so many people of a company who can sign in: not everybody has activated their account. */
export async function peopleOf(emulator: EmulatorProcess, count: number): Promise<Person[]> {
  const found: Person[] = [];
  for (let offset = 0; found.length < count; offset += 100) {
    const { people, total } = (await emulator.control(`people?offset=${offset}`)) as {
      people: (Person & { active: boolean })[];
      total: number;
    };
    if (offset >= total) throw new Error(`only ${found.length} people of the company can sign in`);
    found.push(...people.filter(({ active }) => active));
  }
  return found.slice(0, count);
}

/** A one-time code, as DingTalk's client would hand it to a page. */
export async function codeFor(emulator: EmulatorProcess, { userid }: Person): Promise<string> {
  return ((await emulator.control('codes', { userid })) as { code: string }).code;
}
