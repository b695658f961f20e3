import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DoctorOptions } from '../../../lib/doctor/doctor';
import type { DoctorScene } from '../doctor-scene';

/** One thing that is wrong, made on a scene where everything is right. */
export interface BrokenSetUp {
  name: string;
  /** What the doctor has to blame, and nothing else: `id: fault`. */
  blamed: string;
  make(scene: DoctorScene): Made | Promise<Made>;
}

/** What the doctor runs with. */
export interface Made {
  env?: Record<string, string>;
  /** What the running app still has. */
  appEnv?: Record<string, string>;
  options?: DoctorOptions;
  undo?(): unknown;
}

export const newFolder = () => mkdtempSync(join(tmpdir(), 'dingpass-doctor-'));
export const setting = (name: string, env: Record<string, string>, blamed: string): BrokenSetUp => ({
  name,
  blamed,
  make: () => ({ env }),
});
