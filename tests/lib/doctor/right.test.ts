import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodeOf } from '../../../lib/doctor/doctor';
import { blamed, type DoctorScene, secretsIn, startDoctorScene } from '../../support/doctor-scene';

let scene: DoctorScene;
beforeAll(async () => {
  scene = await startDoctorScene();
});
afterAll(() => scene.close());

test('a right set-up is all green', async () => {
  const report = await scene.examine();
  expect(blamed(report)).toEqual([]);
  expect(report.findings.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'manual')).toEqual([]);
  expect(exitCodeOf(report)).toBe(0);
  expect(secretsIn(report, scene.env)).toEqual([]);
  expect(report.ms).toBeLessThan(10_000);
});
