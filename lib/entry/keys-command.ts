import 'server-only';
import { ConfigError, parseSessionSettings } from '../config';
import { newKey, type PresentKeys, rotationSteps } from '../session/key-rotation';
import { fail, runCommand, say } from './command';

/** `npm run keys`: prints a new session key, and the steps to bring it in. Changes nothing. */

await runCommand(() => {
  try {
    const present = presentKeys();
    say(`\n${rotationSteps(newKey(present), present)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Keys that are there and cannot be read: steps for a first key would sign everybody out.
    return fail(`\n${error.problems.map((problem) => `  - ${problem}`).join('\n')}\n`);
  }
});

/** Undefined before there are any. */
function presentKeys(): PresentKeys | undefined {
  const settings = parseSessionSettings();
  return settings && { ...settings, ids: [...settings.sessionKeys.keys()] };
}
