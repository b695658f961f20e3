import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { processWide } from '@/lib/singleton';
import { PEERS_SECRET } from '../secret';

/** Next bundles pages and routes apart: both have this one. */
const database = processWide('bench-better-auth', () => ({
  user: [],
  session: [],
  account: [],
  verification: [],
}));

/** @see https://www.better-auth.com/docs/concepts/session-management#cookie-cache */
export const auth = betterAuth({
  baseURL: process.env.PUBLIC_ORIGIN,
  basePath: '/api/better-auth',
  secret: PEERS_SECRET,
  database: memoryAdapter(database()),
  emailAndPassword: {
    enabled: true,
    // Signing in is not what is measured here, and its own hash takes a tenth of a second.
    password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password },
  },
  // Their docs say 5 minutes, after which a request goes to the database: here, to its favour, none ever does.
  session: { cookieCache: { enabled: true, maxAge: 3600 } },
  // It would turn away whoever signs hundreds of members in.
  rateLimit: { enabled: false },
});
