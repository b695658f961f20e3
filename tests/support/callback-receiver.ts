import type { DirectoryEvent } from '../../lib/dingtalk/event';
import { type CallbackReply, handleCallback } from '../../lib/events/callback';
import { type Peer, startPeer } from './recording-server';

/** What an app that listens to callbacks has heard. */
export interface CallbackHouse extends Peer {
  events: DirectoryEvent[];
  replies: CallbackReply[];
  /** What stands before the events: throws, or takes its time. */
  meet: (event: DirectoryEvent) => Promise<void>;
}

export const SECRETS = { token: 'EmulatorToken01', aesKey: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ' };

/** An app of the test's own, which answers callbacks with the house's own code. */
export async function startCallbackHouse(ownerKeys: [string, ...string[]]): Promise<CallbackHouse> {
  const events: DirectoryEvent[] = [];
  const replies: CallbackReply[] = [];
  const house = { meet: async () => undefined, events, replies } as unknown as CallbackHouse;
  const peer = await startPeer(async ({ url, body }, response) => {
    const query = new URL(url, 'http://house').searchParams;
    const reply = await handleCallback(query, body, {
      keys: { ...SECRETS, ownerKeys },
      onEvent: async (event) => {
        await house.meet(event);
        events.push(event);
      },
    });
    replies.push(reply);
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
  });
  return Object.assign(house, peer);
}
