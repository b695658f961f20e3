import { inspect } from 'node:util';
import type { Emulator } from '../../emulator/server';
import { type Client, createClient, type DingTalkOptions } from '../../lib/dingtalk/client';
import { DingTalkError } from '../../lib/dingtalk/errors';
import { exchangeCode, getMember, type Member } from '../../lib/dingtalk/users';

export interface Line {
  client: Client;
  /** Every token that the client has learned, oldest first. */
  tokens: string[];
  /** The two calls of a sign-in, with a code of its own. */
  signIn(userid: string): Promise<Member>;
}

/** A telephone of our own to the emulator: a client that nobody else has, with its own token. */
export function createLine(emulator: Emulator, options: Partial<DingTalkOptions> = {}): Line {
  const tokens: string[] = [];
  const client = createClient({
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    apiUrl: emulator.url,
    oapiUrl: emulator.url,
    onToken: (token) => tokens.push(token),
    pauseMs: () => 5,
    ...options,
  });
  const signIn = async (userid: string) => {
    const { userId } = await exchangeCode(client, emulator.control.mintCode(userid));
    return getMember(client, userId);
  };
  return { client, tokens, signIn };
}

const SHORT = {
  token: '/v1.0/oauth2/accessToken',
  exchange: '/topapi/v2/user/getuserinfo',
  detail: '/topapi/v2/user/get',
} as const;

/** Starts counting. The function tells the calls, and the codes that were used up, since then. */
export function countCalls(emulator: Emulator) {
  const read = () => {
    const { byEndpoint, codes, total } = emulator.control.calls();
    const { token, exchange, detail } = SHORT;
    return {
      token: byEndpoint[token] ?? 0,
      exchange: byEndpoint[exchange] ?? 0,
      detail: byEndpoint[detail] ?? 0,
      used: codes.used,
      total,
    };
  };
  const before = read();
  return () => {
    const now = read();
    return Object.fromEntries(
      Object.entries(now).map(([name, count]) => [name, count - before[name as keyof typeof before]]),
    ) as typeof before;
  };
}

/** What a call that must fail failed with. */
export async function failureOf(call: Promise<unknown>): Promise<DingTalkError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DingTalkError)) throw new Error(`not a DingTalkError: ${inspect(error)}`);
  return error;
}

/** Everything that anybody could print of an error, its causes and hidden properties included. */
export function everythingOf(error: Error): string {
  const parts = [
    inspect(error, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null }),
  ];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    parts.push(at.message, at.stack ?? '', String(at), JSON.stringify(at), JSON.stringify({ ...at }));
  }
  return parts.join('\n');
}
