import { z } from 'zod';
import type { Client } from './client';
import { type DirectoryEvent, parseEvent } from './event';
import { toFields, toFlag } from './wire-values';

/**
 * Callbacks that DingTalk tried three times in vain, a page of at most 200. It tells them once: deal with them before
 * asking for more. They carry no id of their own: each goes by the name that it has as a callback besides its id, so that
 * one that did arrive after all is known.
 *
 * @see https://open.dingtalk.com/document/orgapp/obtain-the-failed-event-callbacks
 */
export async function takeFailedEvents(
  client: Client,
): Promise<{ events: DirectoryEvent[]; hasMore: boolean }> {
  const { has_more, failed_list } = await client.call({
    host: 'oapi',
    method: 'GET',
    path: '/call_back/get_call_back_failed_result',
    schema: z.object({ has_more: z.unknown().optional(), failed_list: z.array(z.unknown()).nullish() }),
    repeatable: false,
  });
  // DingTalk lists these once: one entry that cannot be read must not lose the others.
  return { events: (failed_list ?? []).map(toFields).map(toEvent), hasMore: toFlag(has_more) ?? false };
}

function toEvent({ call_back_tag: tag, event_time, ...item }: Record<string, unknown>): DirectoryEvent {
  const details = typeof tag === 'string' ? item[tag] : undefined;
  const event = parseEvent({ eventType: tag, eventTime: event_time }, details);
  return { ...event, id: event.deduplicationKeys[0] ?? event.id };
}
