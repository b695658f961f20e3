import 'server-only';
import { ConfigError, parseGateKeys, parseSessionSettings } from '../config';
import { newId, newKey, type PresentKeys, rotationSteps } from '../session/key-rotation';
import { fail, runCommand, say } from './command';
import { gateRotationSteps, newAssertionKey } from './gate-keys';

const USAGE = '用法 · usage: npm run keys [-- --gate]';

/** `npm run keys [-- --gate]`: prints a new key, and the steps to bring it in. Changes nothing. */
await runCommand((words) => {
  const [flag, ...more] = words;
  if (more.length > 0 || (flag !== undefined && flag !== '--gate')) return fail(USAGE);
  try {
    say(`\n${flag ? stepsForGate() : stepsForSessions()}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Keys that are there and cannot be read: steps for a first key would end every session.
    return fail(`\n${error.problems.map((problem) => `  - ${problem}`).join('\n')}\n`);
  }
});

function stepsForSessions(): string {
  const present = presentKeys();
  return rotationSteps(newKey(present), present);
}

function stepsForGate(): string {
  const present = [...parseGateKeys().keys()];
  return gateRotationSteps(`${newId(present)}:${newAssertionKey()}`, present);
}

/** Undefined before there are any. */
function presentKeys(): PresentKeys | undefined {
  const settings = parseSessionSettings();
  return settings && { ...settings, ids: [...settings.sessionKeys.keys()] };
}
