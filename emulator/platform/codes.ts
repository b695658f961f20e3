import { randomBytes } from 'node:crypto';
import type { Clock } from './clock';

const CODE_LIFE_MS = 300_000;

/** What a one-time code is exchanged for. */
export interface CodeGrant {
  clientId: string;
  corpId: string | undefined;
  /** A userid for 免登 codes, an account of the login page for OAuth codes. */
  account: string;
  /** Scopes of an OAuth code. */
  scopes: readonly string[];
}

/** One-time codes of one kind. 免登 and OAuth codes live in separate stores, so that no code of one kind is accepted for the other. */
export interface CodeStore {
  /** Makes a code for a grant; it lives 300 s. */
  mint(grant: CodeGrant): string;
  /** Looks at a code without using it up; undefined when it is unknown, used or expired. */
  peek(code: string): CodeGrant | undefined;
  /** Uses the code up. */
  consume(code: string): void;
  /** Codes made and used since the last reset. */
  counts(): { minted: number; used: number };
  reset(): void;
}

/** Makes an empty store of codes. @see https://open.dingtalk.com/document/orgapp/obtain-the-userid-of-a-user-by-using-the-log-free */
export function createCodeStore(clock: Clock): CodeStore {
  const grants = new Map<string, { grant: CodeGrant; expiresAt: number }>();
  let minted = 0;
  let used = 0;
  return {
    mint(grant) {
      const code = randomBytes(16).toString('hex');
      grants.set(code, { grant, expiresAt: clock.now() + CODE_LIFE_MS });
      minted += 1;
      return code;
    },
    peek(code) {
      const entry = grants.get(code);
      return entry && clock.now() < entry.expiresAt ? entry.grant : undefined;
    },
    consume(code) {
      if (grants.delete(code)) used += 1;
    },
    counts: () => ({ minted, used }),
    reset() {
      grants.clear();
      minted = 0;
      used = 0;
    },
  };
}
