import 'server-only';
import nextEnv from '@next/env';
import { ConfigError, parseSessionSettings } from './config';
import { newKey, type PresentKeys, rotationSteps } from './key-rotation';

/** `npm run keys`: prints a new session key, and the steps to bring it in. Changes nothing. */

const silent = { info: () => undefined, error: () => undefined };
nextEnv.loadEnvConfig('.', false, silent);
try {
  const present = presentKeys();
  process.stdout.write(`\n${rotationSteps(newKey(present), present)}\n`);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  // Keys that are there and cannot be read: steps for a first key would sign everybody out.
  process.stderr.write(`\n${error.problems.map((problem) => `  - ${problem}`).join('\n')}\n\n`);
  process.exitCode = 1;
}

/** Undefined before there are any. */
function presentKeys(): PresentKeys | undefined {
  const settings = parseSessionSettings();
  return settings && { ...settings, ids: [...settings.sessionKeys.keys()] };
}
