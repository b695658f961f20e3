import corpus from '../corpora/upstream-faults.json';
import type { Entry } from './sign-in-scene';

/** The corpus of DingTalk's failures. */
export const entries = corpus.entries as unknown as Entry[];

const SCENES_OF_THEIR_OWN = new Set([
  'dns',
  'tls',
  'idleClose',
  'revokeTokenNow',
  'reorderRefresh',
  'clockJump',
]);

/** Those that are shown by one sign-in, of an app that has its token. */
export const plainEntries = entries.filter(({ fault }) => !SCENES_OF_THEIR_OWN.has(fault.kind));
