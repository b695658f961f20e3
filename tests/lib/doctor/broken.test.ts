import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeFinding } from '../../../lib/doctor/description';
import { exitCodeOf } from '../../../lib/doctor/doctor';
import { dingTalk, permissions } from '../../support/broken/dingtalk';
import { certificates, fronts } from '../../support/broken/fronts';
import { settings } from '../../support/broken/settings';
import { storage } from '../../support/broken/storage';
import { blamed, type DoctorScene, secretsIn, startDoctorScene } from '../../support/doctor-scene';

vi.mock('node:fs', async (original) => {
  const { withFullDisks } = await import('../../support/broken/full-disk');
  return withFullDisks(await original());
});

const all = [...settings, ...storage, ...fronts, ...certificates, ...dingTalk, ...permissions];

let scene: DoctorScene;
beforeAll(async () => {
  scene = await startDoctorScene();
});
afterAll(() => scene.close());

test.each(all)('$name: $blamed', async ({ blamed: expected, make }) => {
  const { env = {}, undo, options, appEnv } = (await make(scene)) ?? {};
  try {
    const report = await scene.examine(env, { ...options, ...(appEnv && { appEnv: { ...env, ...appEnv } }) });
    expect(blamed(report)).toEqual([expected]);
    expect(exitCodeOf(report)).toBeGreaterThan(0);
    expectRemedies(report.findings);
    expect(secretsIn(report, { ...scene.env, ...env })).toEqual([]);
  } finally {
    await undo?.();
    scene.mend();
  }
});

/** In both languages: why, what to do, where, and who; no gap where a value is missing. */
function expectRemedies(findings: Parameters<typeof describeFinding>[0][]): void {
  for (const finding of findings) {
    for (const language of ['zh-CN', 'en'] as const) {
      const told = describeFinding(finding, language, 'cn');
      expect(told.tried).not.toBe('');
      if (finding.fault === undefined) continue;
      for (const text of [told.found, told.cause, told.remedy, told.where, told.actor, told.more])
        expect(text).toMatch(/\S/);
    }
  }
}

test('several things that are wrong at once are all named, each once', async () => {
  scene.emulator.control.settings({ permissions: [] });
  scene.front = { onAnswer: (headers) => headers.delete('set-cookie') };
  const report = await scene.examine({ ADMIN_USER_IDS: 'nobody.at-all', TRUSTED_PROXY_HOPS: '1' });
  scene.front = {};
  scene.mend();
  expect(blamed(report)).toEqual([
    'origin-cookies: cookie-lost',
    'proxy-hops: hops-differ',
    ...permissions.map((one) => one.blamed).filter((one) => !one.includes(':field')),
  ]);
});
