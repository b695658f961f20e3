import { isDingtalkPath } from './api/routes';

/**
 * The path below which an app's pages are.
 *
 * @param text such as `/door`, with or without a slash at its end; empty for all of an origin
 * @returns without a slash at its end
 * @throws Error in one sentence where it is no such path, or is DingTalk's on the emulator's origin
 */
export function toAppPath(text: string): string {
  const path = text.replace(/\/+$/, '');
  if (path !== '' && !/^(?:\/[a-z0-9][\w-]*)+$/i.test(path))
    throw new Error(`${text}: not a path such as /door`);
  if (isDingtalkPath(path) || isDingtalkPath(`${path}/`))
    throw new Error(`${path}: a path of DingTalk's own on the emulator`);
  return path;
}
