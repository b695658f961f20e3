import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAccessFile } from '../lib/auth/access/access-file';
import { createCompany } from '../lib/auth/access/company';
import { decide } from '../lib/auth/access/decide';
import { type AppProcess, startAppProcess } from './app-process';
import { peopleOf, readDirectory } from './company';
import { signIn } from './contenders';
import { startEmulatorProcess } from './emulator-process';
import { atMost, exactly, type Figure, median, percentile, round } from './figure';

const RULES = 1000;
const FULL = { verdicts: 20_000, rounds: 7, pages: 4000 };
const SHORT = { verdicts: 200, rounds: 1, pages: 10 };
const WARM_UP = 500;

/** What access rules cost: a verdict among a thousand of them, and a page with them beside one without. */
export async function benchAccess({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  const size = short ? SHORT : FULL;
  return [...verdicts(size), ...(await pages(short ? { ...size, warmUp: 1 } : { ...size, warmUp: WARM_UP }))];
}

/** The last rule is the page's that is measured; the member is let in by the last of its conditions. */
function ruleFile(): string {
  const conditions = (index: number) => ['role:经理', `person:p${index}`, 'everybody', 'not:person:x'];
  const rules = Array.from({ length: RULES - 1 }, (_, index) => ({
    at: `/area${index % 40}/page${index}/*`,
    for: conditions(index),
  }));
  return JSON.stringify([...rules, { at: '/', for: conditions(RULES) }]);
}

function verdicts({ verdicts: count, rounds }: typeof FULL): Figure[] {
  const { rules } = parseAccessFile(ruleFile());
  if (!rules) throw new Error('the rules have errors');
  const company = createCompany({ departments: new Map(), pathOf: () => [] }, [
    { id: 1, name: '经理', groupName: '职务' },
  ]);
  const facts = { userId: 'me', departments: [], roleIds: [1], administrator: false, auditor: false };
  let refused = 0;
  const microseconds = Array.from({ length: rounds }, () => {
    const started = performance.now();
    for (let at = 0; at < count; at++) {
      const index = at % (RULES - 1);
      const path = `/area${index % 40}/page${index}/deep/er`;
      if (!decide(rules, { host: undefined, path }, facts, company).admitted) refused++;
    }
    return ((performance.now() - started) * 1000) / count;
  });
  return [
    atMost(`verdict among ${RULES} rules`, round(median(microseconds)), ' µs', 20),
    exactly('verdicts that refused the member', refused, 0),
  ];
}

async function pages({ pages: count, warmUp }: typeof FULL & { warmUp: number }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const emulator = await startEmulatorProcess({ members: 30, departments: 6, seed: 1 });
  const file = join(folder, 'access.jsonc');
  writeFileSync(file, ruleFile());
  const apps: AppProcess[] = [];
  try {
    const [person] = await peopleOf(emulator, 1);
    for (const env of [{}, { ACCESS_FILE: file }]) {
      const dataDir = mkdtempSync(join(folder, 'data-'));
      await readDirectory(emulator, dataDir);
      apps.push(await startAppProcess({ emulator, env: { ...env, DATA_DIR: dataDir } }));
    }
    const cookies = await Promise.all(apps.map(({ url }) => signIn('ours', url, emulator, person!)));
    const times: [number[], number[]] = [[], []];
    for (let at = 0; at < count + warmUp; at++) {
      // In turn, and the other one first the next time: what disturbs the machine disturbs both.
      for (const which of at % 2 ? ([1, 0] as const) : ([0, 1] as const)) {
        const ms = await pageTime(apps[which]!.url, cookies[which]!);
        if (at >= warmUp) times[which].push(ms);
      }
    }
    const [without, ruled] = times.map((all) => [median(all), percentile(all, 0.99)]) as [number[], number[]];
    return [
      { what: 'page without rules, p99', value: round(without[1]!), unit: ' ms' },
      { what: `page with ${RULES} rules, p99`, value: round(ruled[1]!), unit: ' ms' },
      atMost('page with rules over one without, median', round(ruled[0]! / without[0]!), ' ×', 1.05),
      atMost('page with rules over one without, p99', round(ruled[1]! / without[1]!), ' ×', 1.05),
    ];
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pageTime(url: string, cookie: string): Promise<number> {
  const started = performance.now();
  const answer = await fetch(`${url}/`, { headers: { cookie }, redirect: 'manual' });
  await answer.text();
  if (answer.status !== 200) throw new Error(`a page answered ${answer.status}`);
  return performance.now() - started;
}
