import type { Defence } from './defence';
import { directory } from './directory';
import { events } from './events';
import { gate } from './gate';
import { requests } from './requests';
import { revocation } from './revocation';
import { sessions } from './sessions';
import { signIn } from './sign-in';
import { storage } from './storage';
import { upstream } from './upstream';

/** Every defence that a test proves. `npm run test:defences` switches each off and sees its test fail. */
export const defences: readonly Defence[] = [
  ...signIn,
  ...sessions,
  ...revocation,
  ...requests,
  ...gate,
  ...upstream,
  ...events,
  ...directory,
  ...storage,
];
