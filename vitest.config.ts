import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests of the built app whose bounds of time a busy machine would break: one at a time, with nothing beside them. */
const TIMED = ['tests/reliability/{outage,silent-store}.test.ts'];
const SERVED = ['tests/{app,browser,reliability}/**/*.test.ts', 'tests/bench.test.ts'];
const UNITS = ['tests/{lib,emulator}/**/*.test.ts', 'tests/*.test.ts'];

/** More than there are cores: many of these wait for a timer most of the time. */
const UNIT_WORKERS = 5;

/** A test file that sets settings, replaces modules or listens to every server of its process has a process of its own. */
const CHANGES_PROCESS = /vi\.(mock|stubEnv|stubGlobal)\(|in-process-app|request-hooks|dingtalk-stream/;
const changesProcess = readdirSync(here('tests'), { recursive: true, encoding: 'utf8' })
  .map((path) => `tests/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts') && CHANGES_PROCESS.test(readFileSync(here(path), 'utf8')));

/** Those that take longest begin first, so that the workers end together. The others Vitest sorts by the size of the file. */
const LONGEST = [
  'auth/sign-in-faults',
  'auth/sign-in-fault-corpus',
  'lib/directory/sync/sync',
  'lib/directory/sync/sync-changes',
  'emulator/stream',
  'sync/odd-records',
  'events/apply',
  'storage/postgres',
  'directory/store',
  'dingtalk/proxy',
  'dingtalk/answers',
  'doctor/broken',
  'app/floods',
  'browser/frame',
  'app/gate-proxies',
  'browser/workbench',
  'browser/directory',
  'app/access',
  'reliability/two-builds',
  'app/revocation',
  'app/faults',
  'app/events',
  'app/surface-altered',
  'browser/gate',
  'app/sync-command',
  'reliability/revocation',
  'tests/bench',
  'app/machines',
  'app/limits',
  'app/directory-events',
  'reliability/directory',
  'reliability/token',
  'app/directory-sync',
  'app/audit',
  'reliability/image',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId, project }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return (project.config.sequence.groupOrder + 1) * 100 + (place === -1 ? LONGEST.length : place);
    };
    return (await super.sort(files)).sort((one, other) => placeOf(one) - placeOf(other));
  }
}

export default defineConfig({
  resolve: {
    alias: {
      '@': here('.'),
      // The guard throws outside a React server bundle; the tests are the server.
      'server-only': here('./tests/support/server-only.ts'),
    },
  },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          globalSetup: ['tests/support/postgres-setup.ts'],
          include: UNITS,
          exclude: [...SERVED, ...changesProcess],
          // A process for each file costs 0.4 s of processor time.
          isolate: false,
          setupFiles: ['tests/support/shared-process.ts', 'tests/support/console-guard.ts'],
          maxWorkers: UNIT_WORKERS,
          sequence: { groupOrder: 0, setupFiles: 'list' },
        },
      },
      {
        extends: true,
        test: {
          name: 'units-alone',
          globalSetup: ['tests/support/postgres-setup.ts'],
          include: changesProcess,
          exclude: SERVED,
          setupFiles: ['tests/support/console-guard.ts'],
          maxWorkers: UNIT_WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'served',
          globalSetup: ['tests/support/global-setup.ts', 'tests/support/postgres-setup.ts'],
          include: SERVED,
          exclude: TIMED,
          isolate: false,
          setupFiles: ['tests/support/shared-process.ts'],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          globalSetup: ['tests/support/global-setup.ts', 'tests/support/postgres-setup.ts'],
          include: TIMED,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
