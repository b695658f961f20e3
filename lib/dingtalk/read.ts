import type { Client } from './client';
import { DingTalkError } from './errors';
import type { DingTalkRequest } from './request';

/**
 * Reads from the legacy API: a POST with a JSON body, which may be sent again.
 *
 * @param schema shape of the useful part: `result` below `/topapi`, else the flat object
 * @throws DingTalkError
 */
export function read<T>(
  client: Client,
  path: string,
  body: object,
  schema: DingTalkRequest<T>['schema'],
  more: Pick<DingTalkRequest<T>, 'budget' | 'maxAnswerBytes' | 'flat' | 'onSend'> = {},
): Promise<T> {
  return client.call({ host: 'oapi', method: 'POST', path, body, schema, repeatable: true, ...more });
}

/** For an answer that is a whole list: the ids of a quarter of a million people. */
export const WHOLE_LIST = { maxAnswerBytes: 16 * 1024 * 1024 };

/** The error for an answer that has the right form but makes no sense. @param code a word of ours for what is wrong */
export function malformed(path: string, code: string): DingTalkError {
  return new DingTalkError('malformed', { api: path, code, mayHaveHadEffect: true });
}
