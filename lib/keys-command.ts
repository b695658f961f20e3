import 'server-only';
import nextEnv from '@next/env';
import { ConfigError, config } from './config';
import { newKey, type PresentKeys, rotationSteps } from './key-rotation';

/** `npm run keys`: prints a new session key, and the steps to bring it in. Changes nothing. */

const silent = { info: () => undefined, error: () => undefined };
nextEnv.loadEnvConfig('.', false, silent);
const present = presentKeys();
process.stdout.write(`\n${rotationSteps(newKey(present), present)}\n`);

/** Undefined before the app is set up. */
function presentKeys(): PresentKeys | undefined {
  try {
    const { sessionKeys, sealKey, sessionTtlSeconds } = config();
    return { ids: [...sessionKeys.keys()], sealKey, sessionTtlSeconds };
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
