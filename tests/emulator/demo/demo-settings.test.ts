import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { demoFolder, demoSettings, nothingElse } from '../../../emulator/demo/demo-settings';
import { parseConfig } from '../../../lib/config';
import { SETTING_NAMES } from '../../../lib/settings';
import { withEmulator } from '../dingtalk-calls';

test('a demo has every setting of its own: nothing of a shell or a .env reaches it', async () => {
  await withEmulator({}, async (emulator) => {
    const hostile = Object.fromEntries(SETTING_NAMES.map((name) => [name, 'from-production']));
    const others = nothingElse(readFileSync('.env.example', 'utf8'));
    const settings = demoSettings(emulator, 'http://localhost:4010');
    const env = { ...hostile, ...others, ...settings, DATA_DIR: './data/demo' };
    expect(Object.values(env)).not.toContain('from-production');
    expect(parseConfig(env)).toEqual(parseConfig({ ...settings, DATA_DIR: './data/demo' }));
    // Next does not read its .env files once this is set.
    expect(others.__NEXT_PROCESSED_ENV).toBe('true');
  });
});

test('each invented company, and each demo beside another, has a data folder of its own', () => {
  const folders = [
    demoFolder({}, 4010),
    demoFolder({ seed: 7 }, 4010),
    demoFolder({ members: 2000 }, 4010),
    demoFolder({ departments: 3 }, 4010),
    demoFolder({}, 4011),
  ];
  expect(new Set(folders).size).toBe(folders.length);
  expect(demoFolder({ seed: 1, members: 60 }, 4010)).toBe(demoFolder({}, 4010));
});
