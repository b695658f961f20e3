import 'server-only';
import { config } from '../config';

const MAX_URL_LENGTH = 1024;

/**
 * Whether a picture's address may be put into a page: one plain URL on a host of `AVATAR_HOSTS`. The server never
 * fetches it.
 */
export function isAvatarAllowed(url: string | undefined): boolean {
  if (!url || url.length > MAX_URL_LENGTH || /[\s,"'<>\\]/.test(url)) return false;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return false;
  }
  if (parsed.username || parsed.password || !/^https?:$/.test(parsed.protocol)) return false;
  return config().avatarHosts.some((allowed) => {
    // A host that is named with its port is a machine of one's own, such as the emulator: plain http will do there.
    if (allowed.includes(':')) return parsed.host === allowed;
    if (parsed.protocol !== 'https:' || parsed.port !== '') return false;
    return allowed.startsWith('*.')
      ? parsed.hostname.endsWith(allowed.slice(1))
      : parsed.hostname === allowed;
  });
}
