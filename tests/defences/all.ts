import type { Defence } from './defence';
import { directory } from './directory';
import { events } from './events';
import { gate } from './gate';
import { pages } from './pages';
import { requests } from './requests';
import { revocation } from './revocation';
import { sessions } from './sessions';
import { signIn } from './sign-in';
import { storage } from './storage';
import { upstream } from './upstream';
import { workplace } from './workplace';

/** Every defence that a test proves. `npm run test:defences` switches each off and sees its test fail. */
export const defences: readonly Defence[] = [
  ...signIn,
  ...sessions,
  ...revocation,
  ...requests,
  ...pages,
  ...gate,
  ...upstream,
  ...events,
  ...directory,
  ...workplace,
  ...storage,
];
