import { getIronSession } from 'iron-session';
import { cookies } from 'next/headers';
import { PEERS_SECRET } from '../secret';

/** About what our own session has to know. */
interface Content {
  id: string;
  corpId: string;
  userId: string;
  unionId: string;
  name: string;
  issuedAt: number;
}

/** @see https://github.com/vvo/iron-session#readme */
export async function ironSession() {
  return getIronSession<Content>(await cookies(), {
    password: PEERS_SECRET,
    cookieName: 'iron-session',
    cookieOptions: { secure: false },
  });
}
