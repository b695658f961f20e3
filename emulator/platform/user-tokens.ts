import { randomBytes } from 'node:crypto';
import type { Lease } from './app-tokens';
import type { Clock } from './clock';

const ACCESS_LIFE_SECONDS = 7200;
const REFRESH_LIFE_MS = 30 * 86_400_000;

/** The account that logged in on DingTalk's login page, and the company. */
export interface Login {
  account: string;
  corpId: string | undefined;
}

/** What `userAccessToken` hands out. */
export interface UserTokenPair {
  accessToken: string;
  refreshToken: string;
  expiresInSeconds: number;
  login: Login;
}

/** Tokens of persons, as opposed to the app's. */
export interface UserTokens {
  issue(login: Login): UserTokenPair;
  /** Trades a refresh token for a new pair; it is used up (assumed). Undefined when it is unknown, used or expired. */
  refresh(refreshToken: string): UserTokenPair | undefined;
  /** The login of a token; `expired` after its life. */
  login(accessToken: string): Login | 'expired' | undefined;
  reset(): void;
}

/** @see https://open.dingtalk.com/document/orgapp/obtain-user-token */
export function createUserTokens(clock: Clock): UserTokens {
  const access = new Map<string, Lease & { login: Login }>();
  const refresh = new Map<string, Lease & { login: Login }>();
  const lease = (store: typeof access, login: Login, lifeMs: number) => {
    const value = randomBytes(16).toString('hex');
    store.set(value, { value, login, expiresAt: clock.now() + lifeMs });
    return value;
  };
  const issue = (login: Login): UserTokenPair => ({
    accessToken: lease(access, login, ACCESS_LIFE_SECONDS * 1000),
    refreshToken: lease(refresh, login, REFRESH_LIFE_MS),
    expiresInSeconds: ACCESS_LIFE_SECONDS,
    login,
  });
  return {
    issue,
    refresh(token) {
      const found = refresh.get(token);
      refresh.delete(token);
      return found && clock.now() < found.expiresAt ? issue(found.login) : undefined;
    },
    login(token) {
      const found = access.get(token);
      if (!found) return undefined;
      return clock.now() < found.expiresAt ? found.login : 'expired';
    },
    reset() {
      access.clear();
      refresh.clear();
    },
  };
}
