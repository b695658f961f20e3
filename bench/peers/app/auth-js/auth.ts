import NextAuth from 'next-auth';
import Credentials from 'next-auth/providers/credentials';
import { PEERS_SECRET } from '../secret';

/** @see https://authjs.dev/getting-started/authentication/credentials: with credentials, sessions are JWTs */
export const { handlers, auth } = NextAuth({
  secret: PEERS_SECRET,
  trustHost: true,
  session: { strategy: 'jwt' },
  providers: [
    Credentials({
      credentials: { name: {} },
      authorize: ({ name }) => ({ id: crypto.randomUUID(), name: String(name) }),
    }),
  ],
});
