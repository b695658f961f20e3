import { mkdtempSync, writeFileSync } from 'node:fs';
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

/** @param name what it begins with */
export const newFolder = (name = 'dingpass-doctor-') => mkdtempSync(join(tmpdir(), name));
export const setting = (name: string, env: Record<string, string>, blamed: string): BrokenSetUp => ({
  name,
  blamed,
  make: () => ({ env }),
});

/** A gate in front of one host, which everybody may enter. */
export function gateSettings(rules = '[{ "at": "wiki.example.com/*", "for": ["everybody"] }]') {
  const path = join(newFolder(), 'access.jsonc');
  writeFileSync(path, rules);
  return { GATE_LISTEN: '127.0.0.1:4180', GATE_HOSTS: 'wiki.example.com', ACCESS_FILE: path };
}
